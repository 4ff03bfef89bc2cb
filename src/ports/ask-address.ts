/**
 * Asks which node answers at an address. Takes a bounded time and never rejects.
 *
 * `node`: a node answers; `nodeId` is undefined for a build that does not tell it. `silent`: nothing answers as a node; `why` has
 * no secret in it.
 */
export type AskAddress = (
  url: string,
  signal: AbortSignal,
) => Promise<{ kind: "node"; nodeId: string | undefined } | { kind: "silent"; why: string }>;
