import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../../src/config/load.js";
import { JWT_SECRET as SECRET } from "../../support/secrets.js";

const CONFIG = fileURLToPath(new URL("../../../config", import.meta.url));
type Env = Record<string, string>;

function problems(env: Env): readonly string[] {
  try {
    loadConfig(env, CONFIG);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test.each<[string, Env, string]>([
  ["production", { NODE_ENV: "production" }, "production"],
  ["production", { NODE_ENV: "production", LASTSEEN_ENV: "" }, "production"],
  ["development", { NODE_ENV: "production", LASTSEEN_ENV: "development" }, "development"],
  ["test", { NODE_ENV: "production", LASTSEEN_ENV: "test" }, "test"],
  ["production", { NODE_ENV: "development", LASTSEEN_ENV: "production" }, "production"],
  ["development", { NODE_ENV: "test" }, "development"],
  ["development", { NODE_ENV: "" }, "development"],
  ["development", {}, "development"],
])("the environment is %s with %o", (_what, env, environment) => {
  expect(loadConfig({ JWT_SECRET: SECRET, ...env }, CONFIG).ENVIRONMENT).toBe(environment);
});

test("NODE_ENV=production alone does not open the service: it needs a secret", () => {
  expect(problems({ NODE_ENV: "production" })).toEqual([expect.stringContaining("JWT_SECRET is needed")]);
});

const OPEN = ["0.0.0.0", "::", "203.0.113.7", "10.0.0.1", "::ffff:10.0.0.1", "calls.example", "localhost.example", "0"];

test.each(OPEN)("when nobody chose an environment, HOST %s is refused, and the message says what to set", (HOST) => {
  for (const env of [{}, { LASTSEEN_ENV: "" }, { NODE_ENV: "development" }]) {
    const found = problems({ ...env, HOST });
    expect(found).toEqual([expect.stringMatching(/^HOST ".+" needs LASTSEEN_ENV/)]);
    expect(found[0]).toContain("LASTSEEN_ENV=production");
    expect(found[0]).toContain("LASTSEEN_ENV=development");
  }
});

test.each(OPEN)("when somebody chose an environment, HOST %s is accepted", (HOST) => {
  for (const env of [{ LASTSEEN_ENV: "development" }, { LASTSEEN_ENV: "test" }, { NODE_ENV: "production" }]) {
    expect(problems({ JWT_SECRET: SECRET, ...env, HOST })).toEqual([]);
  }
});

test.each(["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST", "app.localhost"])(
  "the loopback HOST %s needs no choice",
  (HOST) => {
    expect(problems({ HOST })).toEqual([]);
  },
);

test("a wrong LASTSEEN_ENV is one problem, whatever HOST is", () => {
  expect(problems({ LASTSEEN_ENV: "staging", HOST: "0.0.0.0" })).toEqual([
    "LASTSEEN_ENV must be one of development, production, test",
  ]);
});
