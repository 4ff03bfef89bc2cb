/** How this service proves to Redis who it is. What is in files is read again for every new connection. */
import type { Logger } from "pino";
import { ConfigError, type Config } from "../config/load.js";
import { readSecretFile } from "../config/secret-files.js";
import type { Login, RedisCredentials } from "../redis/credentials.js";
import { parseRedisUrl } from "../redis/redis-url.js";
import { readTlsFiles } from "../redis/tls-files.js";

type Setting = "REDIS_URL" | "REDIS_PASSWORD" | "REDIS_SENTINEL_PASSWORD";

/** @throws ConfigError when `REDIS_URL` is malformed, or a file cannot be used */
export function redisCredentials(config: Config, url: string, log: Logger): RedisCredentials {
  const { REDIS_USERNAME, REDIS_PASSWORD, REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD } = config;
  const secret = (setting: Setting, first: string | undefined): (() => string | undefined) => {
    const path = config.SECRET_FILES[setting];
    if (path === undefined) return () => first;
    return latest(first, () => readSecretFile(path), failed(log, `${setting}_FILE ${JSON.stringify(path)} `));
  };
  const urlNow = secret("REDIS_URL", url);
  const inUrl = latest(
    atStart(() => loginIn(url)),
    () => loginIn(urlNow() ?? url),
    failed(log, ""),
  );
  const password = secret("REDIS_PASSWORD", REDIS_PASSWORD);
  const sentinelPassword = secret("REDIS_SENTINEL_PASSWORD", REDIS_SENTINEL_PASSWORD);
  const first = atStart(() => readTlsFiles(config));
  return {
    redis: REDIS_PASSWORD === undefined ? inUrl : () => ({ username: REDIS_USERNAME, password: password() }),
    sentinel: () => ({ username: REDIS_SENTINEL_USERNAME, password: sentinelPassword() }),
    secureContext: latest(first, () => readTlsFiles(config), failed(log, "")),
  };
}

function loginIn(url: string): Login {
  const { username, password } = parseRedisUrl(url);
  return { username, password };
}

function atStart<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : "unknown error"]);
  }
}

/** A value that is read again whenever somebody asks for it. While it cannot be read, the last one counts. */
function latest<T>(first: T, read: () => T, problem: (reason: string | undefined) => void): () => T {
  let last = first;
  return () => {
    try {
      last = read();
      problem(undefined);
    } catch (error) {
      problem(error instanceof Error ? error.message : "unknown error");
    }
    return last;
  };
}

/** Writes each problem once, not with every attempt to connect. */
function failed(log: Logger, before: string): (reason: string | undefined) => void {
  let told: string | undefined;
  return (reason) => {
    if (reason !== undefined && reason !== told) {
      log.warn({ reason: before + reason }, "a file for Redis can't be used; what was read last still counts");
    }
    told = reason;
  };
}
