import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { ConfigError, loadConfig } from "../../../src/config/load.js";
import {
  ADMIN_TOKEN,
  JWT_SECRET as SECRET,
  METRICS_TOKEN,
  OTHER_JWT_SECRET,
  WEBHOOK_SECRET,
} from "../../support/secrets.js";

const CONFIG = fileURLToPath(new URL("../../../config", import.meta.url));
type Env = Record<string, string>;

/** The problems of a configuration; none when it is right. */
function problems(env: Env, directory = CONFIG): readonly string[] {
  try {
    loadConfig(env, directory);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The project's files with one of them replaced. */
function withFile(name: string, content: string): string {
  const directory = mkdtempSync(join(tmpdir(), "lastseen-config-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const file of ["default", "development", "production", "test"]) {
    cpSync(join(CONFIG, `${file}.json`), join(directory, `${file}.json`));
  }
  writeFileSync(join(directory, name), content);
  return directory;
}

const COMMON = {
  PORT: 3001,
  LOG_LEVEL: "info",
  HEARTBEAT_INTERVAL_MS: 30_000,
  IDLE_TIMEOUT_MS: 120_000,
  SWEEP_INTERVAL_MS: 30_000,
  AWAY_AFTER_MS: 45_000,
  RESUME_GRACE_MS: 20_000,
  RELOAD_GRACE_MS: 5_000,
  SOCKET_PING_INTERVAL_MS: 15_000,
  HELLO_TIMEOUT_MS: 10_000,
  DRAIN_TIMEOUT_MS: 6_000,
  REBALANCE_PER_SECOND: 100,
  CALL_RING_TIMEOUT_MS: 30_000,
  MULTI_TAB_POLICY: "transfer",
  MAX_ROOM_SIZE: 100,
  MAX_LISTED: 150,
  LARGE_ROOM: 100,
  SFU_LISTEN_IP: "127.0.0.1",
  SFU_PORT: 44_444,
  SFU_WORKERS: Math.min(4, availableParallelism()),
};
const LOCAL = {
  HOST: "127.0.0.1",
  AUTH_MODE: "none",
  ORIGINS: ["http://localhost:3002", "http://127.0.0.1:3002"],
};

test.each([
  ["development", { LASTSEEN_ENV: "development" }, { ...LOCAL, WEB_PORT: 3002 }],
  ["development, when nothing is said", {}, { ...LOCAL, WEB_PORT: 3002, ENVIRONMENT: "development" }],
  ["test", { LASTSEEN_ENV: "test" }, { ...LOCAL, WEB_PORT: 0 }],
  [
    "production",
    { LASTSEEN_ENV: "production", JWT_SECRET: SECRET },
    { HOST: "0.0.0.0", AUTH_MODE: "jwt", ORIGINS: [], WEB_PORT: 0, JWT_SECRET: SECRET },
  ],
])("the defaults are those that are promised: %s", (_what, env: Env, own) => {
  const config = loadConfig(env, CONFIG);
  expect(config).toMatchObject({ ...COMMON, ...own });
  for (const name of ["ADMIN_TOKEN", "METRICS_TOKEN", "SFU_ANNOUNCED_IP", "PUBLIC_URL"] as const) {
    expect(config[name]).toBeUndefined();
  }
  expect(config.NODE_ID).toMatch(/^node-[0-9a-f]{8}$/);
  expect(Object.isFrozen(config)).toBe(true);
});

test.each([
  [{ WEB_PORT: "3912" }, ["http://localhost:3912", "http://127.0.0.1:3912"]],
  // What a browser sends: it leaves the scheme's own port out.
  [{ WEB_PORT: "80" }, ["http://localhost", "http://127.0.0.1"]],
  [{ WEB_PORT: "0" }, []],
  [{ WEB_PORT: "3912", CORS_ORIGIN: "https://a.example" }, ["https://a.example"]],
  [
    { LASTSEEN_ENV: "production", JWT_SECRET: SECRET, WEB_PORT: "3912" },
    ["http://localhost:3912", "http://127.0.0.1:3912"],
  ],
])("the pages that may connect are those of CORS_ORIGIN, else the demo page at its port: %o", (env: Env, origins) => {
  expect(loadConfig(env, CONFIG).ORIGINS).toEqual(origins);
});

test.each([
  ["PORT", "abc", 'PORT must be a whole number, not "abc"'],
  ["SFU_WORKERS", "x".repeat(1_000), `SFU_WORKERS must be a whole number, not "${"x".repeat(39)}`],
  ["WEBHOOK_URL", "a.example", "WEBHOOK_URL must be an http:// or https:// URL"],
  ["REDIS_URL", "localhost:6379", /^REDIS_URL must be a redis:\/\/, redis\+sentinel:\/\/ or redis\+cluster:\/\/ URL/],
  ["NODE_ID", "a b", "NODE_ID must be 1 to 64 letters, digits or any of _ . : -"],
])("a wrong %s is told what it should be", (name, value, problem) => {
  const expected: unknown = typeof problem === "string" ? problem : expect.stringMatching(problem);
  expect(problems({ LASTSEEN_ENV: "test", [name]: value })).toEqual([expected]);
});

test("every variable of the environment replaces the value of the files", () => {
  const env = {
    LASTSEEN_ENV: "production",
    PORT: "0",
    HOST: "::1",
    WEB_PORT: "8080",
    LOG_LEVEL: "trace",
    HEARTBEAT_INTERVAL_MS: "1001",
    IDLE_TIMEOUT_MS: "1002",
    SWEEP_INTERVAL_MS: "1003",
    AWAY_AFTER_MS: "1000",
    RESUME_GRACE_MS: "1005",
    RELOAD_GRACE_MS: "1006",
    SOCKET_PING_INTERVAL_MS: "1007",
    WATCHED_PING_INTERVAL_MS: "1107",
    PROBE_INTERVAL_MS: "1207",
    MEDIA_SILENCE_MS: "1307",
    PING_BUDGET_PER_SECOND: "1407",
    HELLO_TIMEOUT_MS: "1008",
    DRAIN_TIMEOUT_MS: "1010",
    REBALANCE_PER_SECOND: "19",
    CALL_RING_TIMEOUT_MS: "1009",
    MULTI_TAB_POLICY: "reject",
    MAX_ROOM_SIZE: "7",
    MAX_LISTED: "6",
    LARGE_ROOM: "5",
    MAX_ROOMS: "8",
    MAX_CONNECTIONS: "9",
    MAX_CONNECTIONS_PER_ADDRESS: "11",
    MAX_SESSIONS_PER_USER: "12",
    MAX_RINGS_PER_USER: "13",
    MAX_BLOCKS: "14",
    MAX_BLOCKED_CALLERS: "15",
    MAX_BUFFERED_BYTES: "100000",
    TRUSTED_PROXIES: "10.0.0.0/8, ::1",
    MAX_MESSAGES_PER_SECOND: "10",
    AUTH_MODE: "jwt",
    JWT_SECRET: SECRET,
    JWT_SECRET_PREVIOUS: OTHER_JWT_SECRET,
    JWT_JWKS_URL: "https://id.example/keys",
    JWT_ISSUER: "https://id.example/",
    JWT_AUDIENCE: "calls",
    JWT_CLOCK_TOLERANCE_S: "5",
    CORS_ORIGIN: " https://a.example , https://b.example:8443,",
    ADMIN_TOKEN,
    METRICS_TOKEN,
    SFU_LISTEN_IP: "0.0.0.0",
    SFU_ANNOUNCED_IP: "203.0.113.7",
    SFU_PORT: "50000",
    SFU_WORKERS: "2",
    MEDIASOUP_WORKER_BIN: "/opt/worker",
    REDIS_URL: "rediss+sentinel://redis.example/master",
    REDIS_PREFIX: "calls",
    REDIS_SHARDS: "1",
    REDIS_USERNAME: "app",
    REDIS_PASSWORD: "a-password",
    REDIS_SENTINEL_USERNAME: "watcher",
    REDIS_SENTINEL_PASSWORD: "another-password",
    REDIS_CA_FILE: "/run/ca.pem",
    REDIS_CERT_FILE: "/run/cert.pem",
    REDIS_KEY_FILE: "/run/key.pem",
    NODE_ID: "node-a",
    PUBLIC_URL: "https://a.example",
    WEBHOOK_SECRET,
    WEBHOOK_SECRET_PREVIOUS: OTHER_JWT_SECRET,
    WEBHOOK_BATCH_MAX: "16",
    WEBHOOK_PARALLEL_MAX: "17",
    WEBHOOK_QUEUE_MAX: "118",
  };
  const { LASTSEEN_ENV: ENVIRONMENT, CORS_ORIGIN: _list, ...rest } = env;
  const numbers = Object.entries(rest).map(([name, value]) => {
    const isText = /TOKEN|SECRET/.test(name) || !/^\d+$/.test(value);
    return [name, isText ? value : Number(value)];
  });
  expect(loadConfig(env, CONFIG)).toEqual({
    ...Object.fromEntries(numbers),
    ENVIRONMENT,
    ORIGINS: ["https://a.example", "https://b.example:8443"],
    SECRET_FILES: {},
    WARNINGS: [],
  });
});

test.each([
  ["PORT", ["-1", "65536", "http", "3001.5", "1e3", "0x10", "true", "3 001", "NaN", "Infinity", "9007199254740993"]],
  ["WEB_PORT", ["-1", "x"]],
  ["LOG_LEVEL", ["verbose", "INFO", "10"]],
  ["HEARTBEAT_INTERVAL_MS", ["0", "99", "-1", "86400001", "30s"]],
  ["IDLE_TIMEOUT_MS", ["0", "2m"]],
  ["SWEEP_INTERVAL_MS", ["0", "never"]],
  ["AWAY_AFTER_MS", ["0", "x"]],
  ["RESUME_GRACE_MS", ["0", "x"]],
  ["RELOAD_GRACE_MS", ["0", "x"]],
  ["SOCKET_PING_INTERVAL_MS", ["0", "x"]],
  ["WATCHED_PING_INTERVAL_MS", ["0", "x"]],
  ["PROBE_INTERVAL_MS", ["0", "x"]],
  ["MEDIA_SILENCE_MS", ["0", "x"]],
  ["PING_BUDGET_PER_SECOND", ["0", "x"]],
  ["REBALANCE_PER_SECOND", ["-1", "1001", "x"]],
  ["HELLO_TIMEOUT_MS", ["0", "x"]],
  ["CALL_RING_TIMEOUT_MS", ["0", "x"]],
  ["MULTI_TAB_POLICY", ["both", "Transfer"]],
  ["MAX_ROOM_SIZE", ["0", "-5", "many"]],
  ["MAX_ROOMS", ["0", "x"]],
  ["MAX_CONNECTIONS", ["0", "x"]],
  ["MAX_CONNECTIONS_PER_ADDRESS", ["0", "x"]],
  ["MAX_SESSIONS_PER_USER", ["0", "x"]],
  ["MAX_BUFFERED_BYTES", ["0", "65535", "x"]],
  ["TRUSTED_PROXIES", ["proxy", "10.0.0.0/33", "10.0.0.1,*", "::1/129", "10.0.0.0/8/8"]],
  ["MAX_MESSAGES_PER_SECOND", ["0", "x"]],
  ["AUTH_MODE", ["basic", "NONE"]],
  ["JWT_SECRET", ["short", "s".repeat(31)]],
  ["JWT_SECRET_PREVIOUS", ["short"]],
  ["JWT_JWKS_URL", ["id.example", "file:///keys"]],
  ["JWT_CLOCK_TOLERANCE_S", ["-1", "601", "30s"]],
  ["CORS_ORIGIN", ["*", "example.com", "https://a.example/", "https://a.example,NULL"]],
  ["ADMIN_TOKEN", ["short"]],
  ["METRICS_TOKEN", ["short"]],
  ["SFU_PORT", ["65536", "udp"]],
  ["SFU_WORKERS", ["-1", "65", "all", "false"]],
  ["NODE_ID", ["a b", "n".repeat(65), "ä"]],
  ["PUBLIC_URL", ["a.example", "ftp://a.example"]],
  ["WEBHOOK_URL", ["a.example"]],
  ["WEBHOOK_BATCH_MAX", ["0", "1001", "many"]],
  ["WEBHOOK_PARALLEL_MAX", ["0", "257"]],
  ["WEBHOOK_QUEUE_MAX", ["99", "100001"]],
])("%s is refused when it is wrong, alone and by its name", (name, values) => {
  for (const value of values) {
    const found = problems({ LASTSEEN_ENV: "test", [name]: value });
    expect(found, value).toHaveLength(1);
    expect(found[0], value).toMatch(new RegExp(`^${name} `));
  }
});

test("one error lists all problems, also those between settings, and no value that may be a secret", () => {
  const names = ["PORT", "WEB_PORT", "HELLO_TIMEOUT_MS", "MAX_ROOM_SIZE", "MAX_ROOMS", "MAX_CONNECTIONS", "SFU_PORT"];
  const more = ["SWEEP_INTERVAL_MS", "RESUME_GRACE_MS", "RELOAD_GRACE_MS", "LOG_LEVEL", "MULTI_TAB_POLICY"];
  const env = {
    ...Object.fromEntries([...names, ...more].map((name) => [name, "wrong"])),
    LASTSEEN_ENV: "production",
    AUTH_MODE: "none",
    ADMIN_TOKEN: "hunter2",
    HEARTBEAT_INTERVAL_MS: "200000",
    SFU_LISTEN_IP: "0.0.0.0",
    CORS_ORIGIN: "nonsense",
  };
  const found = problems(env);
  expect(found.map((line) => line.replace(/ .*/s, "")).toSorted()).toEqual(
    [...names, ...more, "ADMIN_TOKEN", "IDLE_TIMEOUT_MS", "AUTH_MODE", "SFU_LISTEN_IP", "CORS_ORIGIN"].toSorted(),
  );
  expect(found.join("\n")).not.toContain("hunter2");
  expect(() => loadConfig(env, CONFIG)).toThrow(`The configuration has ${found.length} problem(s):\n  - `);
  expect(ConfigError.exitCode).toBe(78);
});

test.each([
  [{ PORT: "3002", WEB_PORT: "3002" }, "WEB_PORT must be another port than PORT: both are 3002"],
  [{ HEARTBEAT_INTERVAL_MS: "120000" }, "IDLE_TIMEOUT_MS must be longer than HEARTBEAT_INTERVAL_MS"],
  [{ AWAY_AFTER_MS: "120001" }, "AWAY_AFTER_MS must not be longer than IDLE_TIMEOUT_MS"],
  [{ AUTH_MODE: "jwt" }, "JWT_SECRET is needed"],
  [{ SFU_LISTEN_IP: "0.0.0.0" }, "SFU_LISTEN_IP 0.0.0.0 needs SFU_ANNOUNCED_IP"],
  [{ SFU_LISTEN_IP: "::" }, "SFU_LISTEN_IP :: needs SFU_ANNOUNCED_IP"],
])("settings that contradict each other are refused: %o", (env: Env, problem) => {
  expect(problems({ LASTSEEN_ENV: "test", ...env })).toEqual([expect.stringContaining(problem)]);
});

test.each([
  { PORT: "0", WEB_PORT: "0" },
  { AWAY_AFTER_MS: "120000" },
  { AUTH_MODE: "jwt", JWT_SECRET: SECRET },
  { SFU_LISTEN_IP: "0.0.0.0", SFU_ANNOUNCED_IP: "203.0.113.7" },
  { SFU_LISTEN_IP: "0.0.0.0", SFU_WORKERS: "0" },
  { CORS_ORIGIN: "" },
  { PORT: " 3001 " },
])("settings at their limits are accepted: %o", (env: Env) => {
  expect(problems({ LASTSEEN_ENV: "test", ...env })).toEqual([]);
});

test("CORS_ORIGIN * is for services with tokens only", () => {
  const open = { LASTSEEN_ENV: "test", CORS_ORIGIN: "*" };
  expect(problems(open)).toEqual([expect.stringContaining("CORS_ORIGIN * needs AUTH_MODE=jwt")]);
  expect(problems({ ...open, AUTH_MODE: "jwt", JWT_SECRET: SECRET })).toEqual([]);
});

test.each(["https://ann:hunter2@a.example", "ann:hunter2@a.example"])(
  "a wrong origin is shown without its user name and password: %s",
  (CORS_ORIGIN) => {
    const [problem] = problems({ LASTSEEN_ENV: "test", CORS_ORIGIN });
    expect(problem).toContain("write https://a.example");
    expect(problem).not.toMatch(/ann|hunter2/);
  },
);

test("production does not start without a secret or without authentication", () => {
  expect(problems({ LASTSEEN_ENV: "production" })).toEqual([expect.stringContaining("JWT_SECRET is needed")]);
  expect(problems({ LASTSEEN_ENV: "production", AUTH_MODE: "none", JWT_SECRET: SECRET })).toEqual([
    expect.stringContaining("AUTH_MODE none is not allowed in production"),
  ]);
});

test("an empty variable counts as not set", () => {
  const config = loadConfig({ LASTSEEN_ENV: "", PORT: "", ADMIN_TOKEN: "", JWT_SECRET: "" }, CONFIG);
  expect(config).toMatchObject({ ENVIRONMENT: "development", PORT: 3001 });
  expect(config.ADMIN_TOKEN).toBeUndefined();
});

test("an unknown environment is a problem", () => {
  expect(problems({ LASTSEEN_ENV: "staging" })).toEqual(["LASTSEEN_ENV must be one of development, production, test"]);
});

test("the file of the environment replaces the defaults, and the environment replaces both", () => {
  const directory = withFile("test.json", '{"HOST":"127.0.0.1","AUTH_MODE":"none","PORT":4000,"MAX_ROOM_SIZE":5}');
  expect(loadConfig({ LASTSEEN_ENV: "test", PORT: "5000" }, directory)).toMatchObject({
    PORT: 5000,
    MAX_ROOM_SIZE: 5,
    IDLE_TIMEOUT_MS: 120_000,
  });
});

test.each([
  ["is no JSON", "{", /test\.json cannot be read: /],
  ["is no object", "[]", /test\.json must hold a JSON object$/],
  ["is null", "null", /test\.json must hold a JSON object$/],
  ["has a setting that there is not", '{"AUTH_MODE":"none","PROT":1}', /^PROT is not a setting/],
  ["has a number as text", '{"AUTH_MODE":"none","PORT":"3001"}', /^PORT must be a whole number, not "3001"$/],
])("a file that %s is a problem", (_what, content, problem) => {
  const found = problems({ LASTSEEN_ENV: "test", AUTH_MODE: "none" }, withFile("test.json", content));
  expect(found).toEqual([expect.stringMatching(problem)]);
});

test("a missing folder is reported with all settings that are missing because of it", () => {
  const found = problems({ LASTSEEN_ENV: "test" }, "/nowhere");
  expect(found.filter((line) => line.includes("cannot be read"))).toHaveLength(2);
  expect(found).toContain("PORT is missing");
  expect(found).toContain("AUTH_MODE is missing");
});
