import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { ConfigError, configOf, loadConfig, type Config } from "../../../src/config/load.js";
import { GOOD_SECRET, whyUnusable, whyWeak } from "../../../src/config/secret-faults.js";
import { secretNames } from "../../../src/config/schema.js";
import { Random } from "../../support/random.js";
import { findPowershell } from "../../../scripts/powershell.js";
import {
  ADMIN_TOKEN,
  AGENT_TOKEN,
  JWT_SECRET,
  METRICS_TOKEN,
  PRODUCTION,
  WEBHOOK_SECRET,
} from "../../support/secrets.js";

const CONFIG = fileURLToPath(new URL("../../../config", import.meta.url));
type Env = Record<string, string>;

/** The configuration, or its problems. */
function load(env: Env): { config?: Config; problems: readonly string[] } {
  try {
    return { config: loadConfig({ LASTSEEN_ENV: "test", ...env }, CONFIG), problems: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { problems: error.problems };
    throw error;
  }
}

function file(content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-secret-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "secret");
  writeFileSync(path, content);
  return path;
}

const SECRETS: Env = {
  JWT_SECRET,
  JWT_SECRET_PREVIOUS: ADMIN_TOKEN,
  ADMIN_TOKEN,
  METRICS_TOKEN,
  AGENT_TOKEN,
  WEBHOOK_SECRET,
  WEBHOOK_SECRET_PREVIOUS: ADMIN_TOKEN,
  REDIS_URL: "redis://:a-password@redis.example",
  REDIS_PASSWORD: "a-password",
  REDIS_SENTINEL_PASSWORD: "a-password",
};
/** Settings without which a secret is refused. */
const NEEDED: Record<string, Env> = {
  JWT_SECRET_PREVIOUS: { JWT_SECRET },
  AGENT_TOKEN: { SFU_WORKERS: "0" },
  WEBHOOK_SECRET_PREVIOUS: { WEBHOOK_SECRET },
  REDIS_PASSWORD: { REDIS_URL: "redis://redis.example" },
  REDIS_SENTINEL_PASSWORD: { REDIS_URL: "redis+sentinel://redis.example/master" },
};

test("every secret may be given as a file, and the line end of the file does not count", () => {
  expect(Object.keys(SECRETS).toSorted()).toEqual(secretNames().toSorted());
  for (const [name, secret] of Object.entries(SECRETS)) {
    const others = NEEDED[name] ?? {};
    for (const end of ["", "\n", "\r\n", " \n\n"]) {
      const { config, problems } = load({ ...others, [`${name}_FILE`]: file(secret + end) });
      expect(problems, name).toEqual([]);
      expect(config, name).toMatchObject({ [name]: secret });
    }
  }
});

test("a file with a byte order mark, as Windows writes it, is read without it", () => {
  expect(load({ ADMIN_TOKEN_FILE: file(`\uFEFF${ADMIN_TOKEN}\r\n`) }).config?.ADMIN_TOKEN).toBe(ADMIN_TOKEN);
});

test("the plugin reads the files that its environment names, and a value of the application replaces them", () => {
  const env = { ADMIN_TOKEN_FILE: file(ADMIN_TOKEN), JWT_SECRET_FILE: file(JWT_SECRET) };
  const config = configOf({ ADMIN_TOKEN: METRICS_TOKEN }, CONFIG, { environment: "production", env });
  expect(config).toMatchObject({ ADMIN_TOKEN: METRICS_TOKEN, JWT_SECRET });
});

test.each<[string, () => string, string]>([
  ["is missing", () => "/nowhere/secret", "cannot be read: ENOENT"],
  ["is a folder", () => tmpdir(), "cannot be read: EISDIR"],
  ["is empty", () => file(""), "is empty"],
  ["has only white space", () => file(" \r\n"), "is empty"],
  ["is too large", () => file("x".repeat(16_385)), "has more than 16384 bytes"],
  ["never ends", () => "/dev/zero", "has more than 16384 bytes"],
  ["is UTF-16, as PowerShell 5.1 writes it", () => file(Buffer.from(`\uFEFF${JWT_SECRET}`, "utf16le")), "is not UTF-8"],
])("a file of a secret that %s is refused by its setting and path, once", (_what, pathOf, problem) => {
  const path = pathOf();
  const { problems } = load({ AUTH_MODE: "jwt", JWT_SECRET_FILE: path });
  expect(problems).toEqual([expect.stringContaining(`JWT_SECRET_FILE ${JSON.stringify(path)} ${problem}`)]);
});

test("a secret as a value and as a file is refused, and empty variables count as not set", () => {
  const path = file(ADMIN_TOKEN);
  expect(load({ ADMIN_TOKEN, ADMIN_TOKEN_FILE: path }).problems).toEqual([
    `ADMIN_TOKEN_FILE ${JSON.stringify(path)} and ADMIN_TOKEN are both given; remove one of them`,
  ]);
  expect(load({ ADMIN_TOKEN: "", ADMIN_TOKEN_FILE: path }).config?.ADMIN_TOKEN).toBe(ADMIN_TOKEN);
  expect(load({ ADMIN_TOKEN, ADMIN_TOKEN_FILE: "" }).config?.ADMIN_TOKEN).toBe(ADMIN_TOKEN);
});

test("what is wrong with a secret of a file is told as for any other, and the secret is not", () => {
  const { problems } = load({ ...PRODUCTION, ADMIN_TOKEN_FILE: file(`"${ADMIN_TOKEN}"\n`) });
  expect(problems).toEqual(["ADMIN_TOKEN has quotes around it; remove them"]);
});

const ANYWHERE: [string, string, string][] = [
  ["double quotes", `"${ADMIN_TOKEN}"`, "has quotes around it"],
  ["single quotes", `'${ADMIN_TOKEN}'`, "has quotes around it"],
  ["typographic quotes", `“${ADMIN_TOKEN}”`, "has quotes around it"],
  ["a line end", `${ADMIN_TOKEN}\n`, "has a line end in it"],
  ["a carriage return", `${ADMIN_TOKEN}\r`, "has a line end in it"],
  ["two lines", `${ADMIN_TOKEN}\n${ADMIN_TOKEN}`, "has a line end in it"],
  ["a NUL", `${ADMIN_TOKEN}\u0000`, "has a control character in it"],
  ["a space before", ` ${ADMIN_TOKEN}`, "has white space at its beginning or end"],
  ["a tab behind", `${ADMIN_TOKEN}\u00a0`, "has white space at its beginning or end"],
  ["only spaces", " ".repeat(40), "has white space at its beginning or end"],
];

test.each(ANYWHERE)("a secret with %s cannot work, and no environment takes it", (_what, secret, problem) => {
  for (const name of ["ADMIN_TOKEN", "METRICS_TOKEN", "JWT_SECRET", "WEBHOOK_SECRET"]) {
    for (const environment of ["development", "test", "production"]) {
      const { problems } = load({ ...PRODUCTION, LASTSEEN_ENV: environment, [name]: secret });
      expect(problems, name).toEqual([expect.stringContaining(`${name} ${problem}`)]);
      expect(problems.join()).not.toContain(secret.trim() || "no text");
    }
  }
});

test("a bearer token is text that a header can carry; a signing secret may be any text", () => {
  const secret = "Schlüssel-für-alle-Räume-im-ganzen-Haus";
  expect(load({ ADMIN_TOKEN: secret }).problems).toEqual([
    expect.stringContaining("an Authorization header cannot carry"),
  ]);
  expect(load({ ...PRODUCTION, JWT_SECRET: secret }).problems).toEqual([]);
  expect(load({ ...PRODUCTION, ADMIN_TOKEN: "correct horse battery staple" }).problems).toEqual([]);
});

test.each([
  ["ADMIN_TOKEN", 16],
  ["METRICS_TOKEN", 16],
  ["JWT_SECRET", 32],
])("%s needs %i characters everywhere, and the error says how to make a good one", (name, length) => {
  for (const environment of ["development", "test", "production"]) {
    const env = { ...PRODUCTION, LASTSEEN_ENV: environment };
    for (const secret of ["x", ADMIN_TOKEN.slice(0, length - 1)]) {
      const { problems } = load({ ...env, [name]: secret });
      expect(problems).toEqual([`${name} must have at least ${length} characters; ${GOOD_SECRET}`]);
    }
    expect(load({ ...env, [name]: ADMIN_TOKEN.slice(0, length) }).problems).toEqual([]);
  }
});

test.each([
  ["one character", "a".repeat(40), "has only 1 different character(s)"],
  ["few characters", "abcabbcacbabcacbbcabacbcababcacb", "has only 3 different character(s)"],
  ["the alphabet", "abcdefghijklmnopqrstuvwxyz012345", "counts up or down"],
  ["all digits", "98765432109876543210987654321098", "counts up or down"],
  ["a word again and again", "secret-secret-secret-secret-secret", "repeats the same piece"],
  ["a phrase twice", "change-me-please-change-me-please", "repeats the same piece"],
])("production refuses a secret of %s; development and test warn of it", (_what, secret, fault) => {
  for (const name of ["ADMIN_TOKEN", "METRICS_TOKEN", "JWT_SECRET", "WEBHOOK_SECRET"]) {
    const line = `${name} is easy to guess, because it ${fault}; ${GOOD_SECRET}`;
    expect(load({ ...PRODUCTION, [name]: secret }).problems).toEqual([line]);
    for (const environment of ["development", "test"]) {
      expect(load({ LASTSEEN_ENV: environment, [name]: secret }).config?.WARNINGS).toContain(line);
    }
  }
});

test("a secret for tokens that are not checked is told", () => {
  expect(load({ LASTSEEN_ENV: "development", JWT_SECRET }).config?.WARNINGS).toEqual([
    "JWT_SECRET is not used, because AUTH_MODE is none and everybody is let in; set AUTH_MODE=jwt",
  ]);
  expect(load({ LASTSEEN_ENV: "development", JWT_SECRET, AUTH_MODE: "jwt" }).config?.WARNINGS).toEqual([]);
});

test("WEBHOOK_SECRET needs 32 characters in production only", () => {
  const short = { WEBHOOK_SECRET: "a-short-secret" };
  expect(load({ ...PRODUCTION, ...short }).problems).toEqual([expect.stringContaining("fewer than 32 characters")]);
  expect(load(short).config?.WARNINGS).toEqual([expect.stringContaining("fewer than 32 characters")]);
  const standard = `whsec_${Buffer.from(JWT_SECRET.slice(0, 24)).toString("base64")}`;
  expect(load({ ...PRODUCTION, WEBHOOK_SECRET: standard }).problems).toEqual([]);
});

test("random secrets are not called weak or unusable, in any usual spelling", () => {
  const random = new Random(1);
  for (let n = 0; n < 5_000; n += 1) {
    const bytes = Uint8Array.from({ length: 16 + (n % 32) }, () => random.below(256));
    for (const spelling of ["hex", "base64", "base64url"] as const) {
      const secret = Buffer.from(bytes).toString(spelling);
      expect([whyUnusable(secret, "bearer"), whyWeak(secret, "bearer")], secret).toEqual([undefined, undefined]);
    }
  }
});

test("the commands of the message make good secrets", ({ skip }) => {
  const [, shell = "", powershell = ""] = /`([^`]+)`.*`([^`]+)`/.exec(GOOD_SECRET) ?? [];
  const made = [execFileSync("sh", ["-c", shell], { encoding: "utf8" })];
  const pwsh = findPowershell();
  if (pwsh !== undefined) made.push(execFileSync(pwsh, ["-NoProfile", "-Command", powershell], { encoding: "utf8" }));
  for (const secret of made) {
    expect(secret.trim()).toMatch(/^[0-9a-f]{64}$/);
    expect(load({ ...PRODUCTION, ADMIN_TOKEN: secret.trim() }).problems).toEqual([]);
  }
  skip(pwsh === undefined, "there is no PowerShell here");
});

test("a password in REDIS_URL is not judged, but quotes and line ends are told", () => {
  expect(load({ REDIS_URL: "redis://:aaaa@redis.example" }).config?.WARNINGS).toEqual([]);
  expect(load({ REDIS_URL: '"redis://redis.example"' }).problems).toEqual([
    "REDIS_URL has quotes around it; remove them",
  ]);
  expect(load({ REDIS_URL: "redis://redis.example\n" }).problems).toEqual([
    "REDIS_URL has a line end in it; remove it",
  ]);
});
