import { expect, test } from "vitest";
import type { FailureKind } from "../../../src/ports/store-failure.js";
import { failureKind } from "../../../src/redis/failure.js";

/** An answer of Redis, as the Redis client gives it. */
function reply(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

/** The error of a script in Redis 6.2, which puts its own words around those of the command. */
const inScript = (words: string): string =>
  `ERR Error running script (call to f_9a1b): @user_script:24: @user_script: 24: -${words}`;

const READONLY = "READONLY You can't write against a read only replica.";
const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
const DISK = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.";
const MASTER_DOWN = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";

const wordings: [FailureKind, string][] = [
  ["replica", READONLY],
  ["replica", `${READONLY} script: 9a1b, on @user_script:24.`],
  ["replica", inScript(READONLY)],
  ["replica", inScript("READONLY You can't write against a read only slave.")],
  ["replica", MASTER_DOWN],
  ["full", `${OOM} script: 9a1b, on @user_script:24.`],
  ["full", inScript(OOM)],
  ["no_replicas", "NOREPLICAS Not enough good replicas to write. script: 9a1b, on @user_script:24."],
  ["no_replicas", inScript("NOREPLICAS Not enough good replicas to write.")],
  ["disk", DISK],
  ["disk", inScript(DISK)],
  ["loading", "LOADING Redis is loading the dataset in memory"],
  ["busy", "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."],
  ["busy", "UNKILLABLE Sorry the script already executed write commands against the dataset."],
  ["cluster", "CLUSTERDOWN Hash slot not served"],
  ["cluster", "TRYAGAIN Multiple keys request during rehashing of slot"],
  ["cluster", "MOVED 1234 127.0.0.1:7001"],
  ["refused", "WRONGPASS invalid username-password pair or user is disabled."],
  ["refused", "NOAUTH Authentication required."],
  ["refused", "NOPERM this user has no permissions to run the 'eval' command"],
  ["script", "ERR user_script:24: Script attempted to index a boolean value script: 9a1b, on @user_script:24."],
  ["script", inScript("ERR wrong number of arguments")],
  ["script", "WRONGTYPE Operation against a key holding the wrong kind of value"],
];

test.each(wordings)("the kind is %s when Redis answers %s", (kind, message) => {
  expect(failureKind(reply(message))).toBe(kind);
});

test.each(["Command timed out", "Connection is closed.", "connect ECONNREFUSED 127.0.0.1:6379", "READONLY timeout"])(
  "the kind is unreachable when the client says %s",
  (message) => {
    expect(failureKind(new Error(message))).toBe("unreachable");
  },
);

test("the client of a cluster that has tried several times tells the last answer", () => {
  const error = new Error("Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple keys request");
  expect(failureKind(error)).toBe("cluster");
});
