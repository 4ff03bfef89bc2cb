/** Which settings for Redis do not go together. A message never repeats a part of `REDIS_URL`: it may be the password. */
import type { Rule } from "./rule.js";
import type { Settings } from "./schema.js";

const LOGIN = ["REDIS_USERNAME", "REDIS_PASSWORD"] as const;
const SENTINEL = ["REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD"] as const;
const TLS = ["REDIS_CA_FILE", "REDIS_CERT_FILE", "REDIS_KEY_FILE"] as const;

/** The names of the settings that are given; empty when none is. */
const given = (settings: Settings, names: readonly (keyof Settings)[]): string =>
  names.filter((name) => settings[name] !== undefined).join(" and ");

/** A rule on settings that need one form of `REDIS_URL`. */
function needsUrl(names: readonly (keyof Settings)[], form: RegExp, what: string): Rule {
  return {
    reads: ["REDIS_URL", ...names],
    problem(settings) {
      const { REDIS_URL: url } = settings;
      const found = given(settings, names);
      if (found === "" || url === undefined || form.test(url)) return false;
      return `${found}: REDIS_URL must then begin with ${what}; change REDIS_URL, or remove ${found}`;
    },
  };
}

/** A rule on a setting that is of no use without another. */
function needsOther(name: keyof Settings, other: keyof Settings, why: string): Rule {
  return {
    reads: [name, other],
    problem: (settings) =>
      settings[name] !== undefined &&
      settings[other] === undefined &&
      `${name} needs ${other}, ${why}: set ${other}, or remove ${name}`,
  };
}

export const REDIS_RULES: readonly Rule[] = [
  {
    reads: ["REDIS_URL", ...LOGIN, ...SENTINEL, ...TLS],
    problem(settings) {
      const found = given(settings, [...LOGIN, ...SENTINEL, ...TLS]);
      if (settings.REDIS_URL !== undefined || found === "") return false;
      return `${found}: there is no REDIS_URL, so this node uses no Redis; set REDIS_URL, or remove ${found}`;
    },
  },
  {
    reads: ["REDIS_URL", ...LOGIN],
    problem(settings) {
      const found = given(settings, LOGIN);
      if (found === "" || !/^[^/]*:\/\/[^/]*@/.test(settings.REDIS_URL ?? "")) return false;
      return `REDIS_URL has a user or password in it, and ${found} is given too; remove one of them`;
    },
  },
  {
    reads: ["REDIS_URL", "REDIS_SHARDS"],
    problem: ({ REDIS_URL: url, REDIS_SHARDS: shards }) =>
      shards > 1 &&
      !/^rediss?\+cluster:/.test(url ?? "") &&
      "REDIS_SHARDS divides rooms and sessions over a Redis Cluster: begin REDIS_URL with redis+cluster:// or rediss+cluster://, or set REDIS_SHARDS to 1",
  },
  needsOther("REDIS_USERNAME", "REDIS_PASSWORD", "the password of that user"),
  needsOther("REDIS_SENTINEL_USERNAME", "REDIS_SENTINEL_PASSWORD", "the password of that user"),
  needsUrl(SENTINEL, /^rediss?\+sentinel:/, "redis+sentinel:// or rediss+sentinel://"),
  needsUrl(TLS, /^rediss/, "rediss, as in rediss://host (TLS)"),
  needsOther("REDIS_CERT_FILE", "REDIS_KEY_FILE", "the private key of the certificate"),
  needsOther("REDIS_KEY_FILE", "REDIS_CERT_FILE", "the certificate of the key"),
];
