/**
 * Why a command to the shared store failed.
 *
 * - `unreachable`: there is no connection, or no answer came in time.
 * - `refused`: the user or the password is wrong, or the user has not enough rights.
 * - `full`, `no_replicas`, `disk`, `loading`, `busy`, `cluster`: the state of the store does not allow the command.
 * - `replica`: this store is a replica. It was the master before a failover, or the address names the wrong one.
 * - `script`: a script failed because of what it found. This says nothing about the store itself.
 */
export const FAILURE_KINDS = [
  "unreachable",
  "refused",
  "full",
  "replica",
  "no_replicas",
  "disk",
  "loading",
  "busy",
  "cluster",
  "script",
] as const;

export type FailureKind = (typeof FAILURE_KINDS)[number];
