import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../../src/config/load.js";

const CONFIG = fileURLToPath(new URL("../../../config", import.meta.url));
const PASSWORD = "the-password-of-redis";

function problems(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ LASTSEEN_ENV: "test", ...env }, CONFIG);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const REDIS_URL = "redis://redis.example";

test.each<[string, Record<string, string>]>([
  ["a password", { REDIS_URL, REDIS_PASSWORD: PASSWORD }],
  ["a user and a password", { REDIS_URL, REDIS_USERNAME: "app", REDIS_PASSWORD: PASSWORD }],
  ["an authority", { REDIS_URL: "rediss://redis.example", REDIS_CA_FILE: "/ca" }],
  ["a certificate", { REDIS_URL: "rediss+cluster://r", REDIS_CERT_FILE: "/c", REDIS_KEY_FILE: "/k" }],
  [
    "a login for the sentinels",
    { REDIS_URL: "redis+sentinel://s/m", REDIS_SENTINEL_USERNAME: "app", REDIS_SENTINEL_PASSWORD: PASSWORD },
  ],
  [
    "a password in the URL and one for the sentinels",
    { REDIS_URL: `redis+sentinel://:x@s/m`, REDIS_SENTINEL_PASSWORD: "y" },
  ],
  ["a cluster that divides", { REDIS_URL: "rediss+cluster://r", REDIS_SHARDS: "16" }],
  ["a prefix", { REDIS_URL, REDIS_PREFIX: "calls.eu-1" }],
])("%s may be given", (_what, env) => {
  expect(problems(env)).toEqual([]);
});

test.each<[string, Record<string, string>, string]>([
  [
    "a division over one Redis",
    { REDIS_URL, REDIS_SHARDS: "16" },
    "REDIS_SHARDS divides rooms and sessions over a Redis Cluster: begin REDIS_URL with redis+cluster:// or rediss+cluster://, or set REDIS_SHARDS to 1",
  ],
  [
    "a division without an address",
    { REDIS_SHARDS: "2" },
    "REDIS_SHARDS divides rooms and sessions over a Redis Cluster: begin REDIS_URL with redis+cluster:// or rediss+cluster://, or set REDIS_SHARDS to 1",
  ],
  [
    "a password without an address",
    { REDIS_PASSWORD: PASSWORD },
    "REDIS_PASSWORD: there is no REDIS_URL, so this node uses no Redis; set REDIS_URL, or remove REDIS_PASSWORD",
  ],
  [
    "two passwords",
    { REDIS_URL: `redis://:${PASSWORD}@redis.example`, REDIS_PASSWORD: PASSWORD },
    "REDIS_URL has a user or password in it, and REDIS_PASSWORD is given too; remove one of them",
  ],
  [
    "a user without a password",
    { REDIS_URL, REDIS_USERNAME: "app" },
    "REDIS_USERNAME needs REDIS_PASSWORD, the password of that user: set REDIS_PASSWORD, or remove REDIS_USERNAME",
  ],
  [
    "a user of sentinels without a password",
    { REDIS_URL: "redis+sentinel://s/m", REDIS_SENTINEL_USERNAME: "app" },
    "REDIS_SENTINEL_USERNAME needs REDIS_SENTINEL_PASSWORD, the password of that user: set REDIS_SENTINEL_PASSWORD, or remove REDIS_SENTINEL_USERNAME",
  ],
  [
    "a password of sentinels without sentinels",
    { REDIS_URL, REDIS_SENTINEL_PASSWORD: PASSWORD },
    "REDIS_SENTINEL_PASSWORD: REDIS_URL must then begin with redis+sentinel:// or rediss+sentinel://; change REDIS_URL, or remove REDIS_SENTINEL_PASSWORD",
  ],
  [
    "an authority without TLS",
    { REDIS_URL, REDIS_CA_FILE: "/ca" },
    "REDIS_CA_FILE: REDIS_URL must then begin with rediss, as in rediss://host (TLS); change REDIS_URL, or remove REDIS_CA_FILE",
  ],
  [
    "a certificate without a key",
    { REDIS_URL: "rediss://r", REDIS_CERT_FILE: "/c" },
    "REDIS_CERT_FILE needs REDIS_KEY_FILE, the private key of the certificate: set REDIS_KEY_FILE, or remove REDIS_CERT_FILE",
  ],
  [
    "a key without a certificate",
    { REDIS_URL: "rediss://r", REDIS_KEY_FILE: "/k" },
    "REDIS_KEY_FILE needs REDIS_CERT_FILE, the certificate of the key: set REDIS_CERT_FILE, or remove REDIS_KEY_FILE",
  ],
  [
    "a prefix with a brace",
    { REDIS_URL, REDIS_PREFIX: "{calls}" },
    "REDIS_PREFIX must be 1 to 64 letters, digits or any of _ . : -",
  ],
  [
    "quotes around a password",
    { REDIS_URL, REDIS_PASSWORD: `"${PASSWORD}"` },
    "REDIS_PASSWORD has quotes around it; remove them",
  ],
])("%s is refused with the setting and the mend, without the password", (_what, env, message) => {
  expect(problems(env)).toEqual([message]);
  expect(problems(env).join()).not.toContain(PASSWORD);
});
