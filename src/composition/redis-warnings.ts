/** What operators should know of Redis, as sentences for `GET /api/health`. They name no address and no user. */
import type { LostParts } from "../cluster/lost-parts.js";
import type { FailureKind } from "../ports/store-failure.js";
import type { Stores } from "./stores.js";

const PROBLEMS: Record<FailureKind, string> = {
  unreachable:
    "Redis does not answer. Check REDIS_URL, Redis and the network between, and with rediss:// the certificates on both sides.",
  refused:
    "Redis or a sentinel refuses this service's user or password, or the user has not enough rights. Check REDIS_USERNAME, REDIS_PASSWORD and REDIS_SENTINEL_PASSWORD (or the password in REDIS_URL), and the user's rights.",
  full: "Redis is full: it refuses writes. Give it more memory (maxmemory), or free some.",
  replica: "This Redis is a replica, which takes no writes. Let REDIS_URL lead to the master.",
  no_replicas: "Redis has not enough replicas and refuses writes (min-replicas-to-write). Start its replicas.",
  disk: "Redis can't save its data and refuses writes. Look into its log, and at its disk.",
  loading: "Redis loads its data. Wait until it has ended.",
  busy: "Redis runs a script that takes too long. Find out whose script it is (SLOWLOG, SCRIPT KILL).",
  cluster: "The Redis cluster lacks slots, or moves them. Look at CLUSTER INFO.",
  script: "A script of this service fails in Redis.",
};

export function redisWarnings({ redis }: Stores, lost: LostParts | undefined): string[] {
  if (!redis) return [];
  const problem = redis.problem();
  const policy = redis.harmfulPolicy();
  return [
    ...(problem ? [PROBLEMS[problem.kind]] : []),
    ...(policy === undefined
      ? []
      : [`Redis deletes keys when its memory is full (maxmemory-policy ${policy}). Set it to noeviction.`]),
    ...(lost?.recent ?? []).map(
      ({ part, at }) =>
        `Redis lost the key "${part}" at ${new Date(at).toISOString()}; the nodes have written it again. Find out who deleted it.`,
    ),
  ];
}
