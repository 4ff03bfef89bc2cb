import type { Logger } from "pino";
import type { Config } from "../config/load.js";
import { trustEverybody, type Authenticate } from "../gateway/authenticate.js";
import { verifyTokens } from "../gateway/authentication/verify-tokens.js";
import type { Clock } from "../kernel/clock.js";
import type { Metrics } from "../observability/metrics.js";

/** A provider that fails is asked every few seconds, but logged only once in this time, milliseconds. */
const LOG_PAUSE_MS = 60_000;

/** How the settings say that clients prove who they are. */
export function authenticationOf(parts: { config: Config; log: Logger; clock: Clock; metrics: Metrics }): Authenticate {
  const { config, log, clock, metrics } = parts;
  if (config.AUTH_MODE === "none") return trustEverybody;
  let loggedAt = -Infinity;
  const keysAsked = (error: unknown): void => {
    metrics.traffic.countKeyFetch(error === undefined ? "ok" : "failed");
    const now = clock.mono();
    if (error === undefined || now - loggedAt < LOG_PAUSE_MS) return;
    loggedAt = now;
    log.error(
      { err: error, url: config.JWT_JWKS_URL },
      "JWT_JWKS_URL gives no keys; tokens of new keys can't be checked",
    );
  };
  const rules = {
    secrets: [config.JWT_SECRET, config.JWT_SECRET_PREVIOUS].filter((secret) => secret !== undefined),
    keySetUrl: config.JWT_JWKS_URL,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    toleranceS: config.JWT_CLOCK_TOLERANCE_S,
  };
  return verifyTokens(rules, { clock, keysAsked });
}
