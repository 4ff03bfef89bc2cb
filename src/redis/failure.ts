/** Tells why a command to Redis failed. */
import { FAILURE_KINDS, type FailureKind } from "../ports/store-failure.js";

/** The first words of Redis's errors that belong to each kind. The kinds without words have no error of Redis of their own. */
const WORDS: Readonly<Record<FailureKind, readonly string[]>> = {
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
};

const KIND_OF = new Map<string, FailureKind>(
  FAILURE_KINDS.flatMap((kind) => WORDS[kind].map((word) => [word, kind] as const)),
);
/**
 * Redis 7 and Valkey begin the error of a script with the word. Redis 6.2 has it in the middle, after a dash:
 * "ERR Error running script (call to f_…): @user_script:9: @user_script: 9: -READONLY You can't write against …".
 */
const WORD = /^-?([A-Z]+)\b|\s-([A-Z]+)\s/g;

/**
 * The clients for a cluster and for sentinels give up with an error of their own, which has the text of the last one. That of a
 * sentinel has no name before it.
 */
const LAST_ERROR = /Last error: (?:ReplyError: |(?=NOAUTH|WRONGPASS|NOPERM))(.*)$/s;

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
