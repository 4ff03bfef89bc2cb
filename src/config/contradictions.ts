import { faultOfOrigin } from "./origin-faults.js";
import { listOf } from "./lists.js";
import { isAddressOrNetwork } from "./addresses.js";
import { REDIS_RULES } from "./redis-rules.js";
import type { Rule } from "./rule.js";
import type { Environment, Settings } from "./schema.js";

const RULES: readonly Rule[] = [
  {
    reads: ["PORT", "WEB_PORT"],
    problem: ({ PORT, WEB_PORT }) =>
      PORT === WEB_PORT && PORT !== 0 && `WEB_PORT must be another port than PORT: both are ${PORT}`,
  },
  {
    reads: ["HEARTBEAT_INTERVAL_MS", "IDLE_TIMEOUT_MS"],
    problem: ({ HEARTBEAT_INTERVAL_MS, IDLE_TIMEOUT_MS }) =>
      HEARTBEAT_INTERVAL_MS >= IDLE_TIMEOUT_MS &&
      "IDLE_TIMEOUT_MS must be longer than HEARTBEAT_INTERVAL_MS, or live clients would be removed",
  },
  {
    reads: ["AWAY_AFTER_MS", "IDLE_TIMEOUT_MS"],
    problem: ({ AWAY_AFTER_MS, IDLE_TIMEOUT_MS }) =>
      AWAY_AFTER_MS > IDLE_TIMEOUT_MS && "AWAY_AFTER_MS must not be longer than IDLE_TIMEOUT_MS",
  },
  {
    reads: ["AUTH_MODE"],
    problem: ({ AUTH_MODE }, environment) =>
      AUTH_MODE === "none" &&
      environment === "production" &&
      "AUTH_MODE none is not allowed in production: set AUTH_MODE=jwt and JWT_SECRET",
  },
  {
    reads: ["AUTH_MODE", "JWT_SECRET", "JWT_JWKS_URL"],
    problem: ({ AUTH_MODE, JWT_SECRET, JWT_JWKS_URL }) =>
      AUTH_MODE === "jwt" &&
      JWT_SECRET === undefined &&
      JWT_JWKS_URL === undefined &&
      "JWT_SECRET is needed with AUTH_MODE=jwt (at least 32 characters), or JWT_JWKS_URL",
  },
  {
    reads: ["JWT_SECRET", "JWT_SECRET_PREVIOUS"],
    problem: ({ JWT_SECRET, JWT_SECRET_PREVIOUS }) =>
      JWT_SECRET_PREVIOUS !== undefined &&
      JWT_SECRET === undefined &&
      "JWT_SECRET_PREVIOUS needs JWT_SECRET, the secret that replaces it",
  },
  {
    reads: ["SFU_LISTEN_IP", "SFU_ANNOUNCED_IP", "SFU_WORKERS"],
    problem: ({ SFU_LISTEN_IP, SFU_ANNOUNCED_IP, SFU_WORKERS }) =>
      (SFU_LISTEN_IP === "0.0.0.0" || SFU_LISTEN_IP === "::") &&
      SFU_ANNOUNCED_IP === undefined &&
      SFU_WORKERS !== 0 &&
      `SFU_LISTEN_IP ${SFU_LISTEN_IP} needs SFU_ANNOUNCED_IP, the address that clients reach`,
  },
  {
    reads: ["AGENT_TOKEN", "SFU_WORKERS"],
    problem: ({ AGENT_TOKEN, SFU_WORKERS }) =>
      AGENT_TOKEN !== undefined &&
      SFU_WORKERS !== 0 &&
      "AGENT_TOKEN needs SFU_WORKERS=0: where agents report media, the service makes none itself",
  },
  {
    reads: ["WEBHOOK_URL", "WEBHOOK_SECRET"],
    problem: ({ WEBHOOK_URL, WEBHOOK_SECRET }) =>
      WEBHOOK_URL !== undefined &&
      WEBHOOK_SECRET === undefined &&
      "WEBHOOK_URL needs WEBHOOK_SECRET: it proves to your backend who sends the events",
  },
  {
    reads: ["WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"],
    problem: ({ WEBHOOK_SECRET, WEBHOOK_SECRET_PREVIOUS }) =>
      WEBHOOK_SECRET_PREVIOUS !== undefined &&
      WEBHOOK_SECRET === undefined &&
      "WEBHOOK_SECRET_PREVIOUS needs WEBHOOK_SECRET, the secret that replaces it",
  },
  ...(["WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"] as const).map(standardSecretRule),
  {
    reads: ["WEBHOOK_URL"],
    problem: ({ WEBHOOK_URL }) =>
      WEBHOOK_URL !== undefined &&
      !isPlainUrl(WEBHOOK_URL) &&
      "WEBHOOK_URL must be a URL without a user name and password: the signature proves who sends the events",
  },
  ...REDIS_RULES,
  {
    reads: ["RESTART_FILE", "REDIS_URL"],
    problem: ({ RESTART_FILE, REDIS_URL }) =>
      RESTART_FILE !== undefined &&
      REDIS_URL !== undefined &&
      "RESTART_FILE is for a node without REDIS_URL: remove it, because with Redis the other nodes go on with the sessions",
  },
  {
    reads: ["TRUSTED_PROXIES"],
    problem({ TRUSTED_PROXIES }) {
      const wrong = listOf(TRUSTED_PROXIES).filter((entry) => !isAddressOrNetwork(entry));
      const shown = wrong.map((entry) => JSON.stringify(entry)).join(", ");
      return wrong.length > 0 && `TRUSTED_PROXIES has ${shown}, which is no IP address and no network like 10.0.0.0/8`;
    },
  },
  {
    reads: ["CORS_ORIGIN"],
    problem({ CORS_ORIGIN }) {
      const faults = listOf(CORS_ORIGIN).flatMap((entry) => {
        const fault = faultOfOrigin(entry);
        return fault === undefined ? [] : [`${JSON.stringify(withoutUser(entry))}: ${fault}`];
      });
      return faults.length > 0 && `CORS_ORIGIN has ${faults.join("; ")}`;
    },
  },
  {
    reads: ["CORS_ORIGIN", "AUTH_MODE"],
    problem: ({ CORS_ORIGIN, AUTH_MODE }) =>
      AUTH_MODE !== "jwt" &&
      listOf(CORS_ORIGIN).includes("*") &&
      "CORS_ORIGIN * needs AUTH_MODE=jwt: without tokens any page on the Web could act as any user",
  },
];

/** What begins with `whsec_` is a key of 24 to 64 bytes in base64, or receivers with a library of Standard Webhooks refuse it. */
function standardSecretRule(name: "WEBHOOK_SECRET" | "WEBHOOK_SECRET_PREVIOUS"): Rule {
  return {
    reads: [name],
    problem({ [name]: secret }) {
      const [, encoded] = /^whsec_(.*)$/s.exec(secret ?? "") ?? [];
      if (encoded === undefined) return false;
      const { length } = Buffer.from(encoded, "base64");
      const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded);
      if (isBase64 && length >= 24 && length <= 64) return false;
      return `${name} begins with whsec_, so 24 to 64 bytes in base64 must follow; make one with \`echo whsec_$(openssl rand -base64 32)\``;
    },
  };
}

/** A user name and a password in a URL are not repeated in messages. */
function withoutUser(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, "$1…@");
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}

/**
 * The problems of settings that are each allowed but do not go together, one line each.
 *
 * @param wrong settings that are missing or wrong by themselves; rules that read them are not checked
 */
export function contradictions(
  settings: Settings,
  environment: Environment,
  wrong: ReadonlySet<string>,
): readonly string[] {
  return RULES.filter(({ reads }) => !reads.some((name) => wrong.has(name)))
    .map((rule) => rule.problem(settings, environment))
    .filter((problem) => problem !== false);
}
