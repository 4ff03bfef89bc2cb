/** Tells why a command to Redis failed. */

/**
 * The kinds of failures, and the first words of Redis's errors that belong to each.
 *
 * - `unreachable`: there is no connection, or no answer came in time. This has no error of Redis.
 * - `refused`: the user or the password is wrong, or the user has not enough rights.
 * - `replica`: this Redis is a replica. It was the master before a failover, or the address names the wrong one.
 * - `script`: a script failed because of what it found. This says nothing about Redis itself.
 */
const WORDS = {
  unreachable: [],
  refused: ["NOAUTH", "WRONGPASS", "NOPERM"],
  full: ["OOM"],
  replica: ["READONLY", "MASTERDOWN"],
  no_replicas: ["NOREPLICAS"],
  disk: ["MISCONF"],
  loading: ["LOADING"],
  busy: ["BUSY", "UNKILLABLE"],
  cluster: ["CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "CROSSSLOT"],
  script: [],
} as const satisfies Record<string, readonly string[]>;

export type FailureKind = keyof typeof WORDS;

export const FAILURE_KINDS = Object.keys(WORDS) as readonly FailureKind[];

const KIND_OF = new Map<string, FailureKind>(
  FAILURE_KINDS.flatMap((kind) => WORDS[kind].map((word) => [word, kind] as const)),
);
/**
 * Redis 7 and Valkey begin the error of a script with the word. Redis 6.2 has it in the middle, after a dash:
 * "ERR Error running script (call to f_…): @user_script:9: @user_script: 9: -READONLY You can't write against …".
 */
const WORD = /^-?([A-Z]+)\b|\s-([A-Z]+)\s/g;

/** The client for a cluster gives up with an error of its own, which has the text of the last one. */
const LAST_ERROR = /Last error: ReplyError: (.*)$/s;

/** Why a command failed. Errors that are no answers of Redis come from the client, because nothing answered. */
export function failureKind({ name, message }: Error): FailureKind {
  const text = name === "ReplyError" ? message : LAST_ERROR.exec(message)?.[1];
  if (text === undefined) return "unreachable";
  for (const [, first, inner] of text.matchAll(WORD)) {
    const kind = KIND_OF.get(first ?? inner ?? "");
    if (kind) return kind;
  }
  return "script";
}
