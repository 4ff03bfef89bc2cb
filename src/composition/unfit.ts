import type { Unfit } from "../cluster/unfit.js";
import { ConfigError, type Config } from "../config/load.js";
import { shardsOf } from "../redis/redis-node-name.js";
import { VERSION } from "./version.js";

/** Why this process must not be a node, in words for its operator. */
export function unfitError(unfit: Unfit, { NODE_ID, PUBLIC_URL, REDIS_PREFIX }: Config): ConfigError {
  if (unfit.kind === "name_taken") {
    const where =
      unfit.url === PUBLIC_URL ? "with the same PUBLIC_URL" : `with ${unfit.url ?? "no address"} as its PUBLIC_URL`;
    return new ConfigError([
      `NODE_ID ${NODE_ID} is the name of another process that is alive, ${where}. Give each node its own NODE_ID, or stop the other process first`,
    ]);
  }
  const { format, readable } = unfit;
  const [stored, wanted] = [shardsOf(format), shardsOf(readable.newest)];
  if (stored !== wanted)
    return new ConfigError([
      `REDIS_SHARDS is ${wanted}, and the entries in Redis are for REDIS_SHARDS=${stored}. Set the same number on all nodes. To change it, stop all nodes and delete the keys ${REDIS_PREFIX}:* in Redis`,
    ]);
  const found = `REDIS_URL leads to entries of format ${format}, and this version (${VERSION}) reads ${formats(readable)}`;
  const mend =
    format > readable.newest
      ? "A newer version has written them. Start that version; to go back to this one, stop all nodes and delete the keys"
      : "An older version has written them. First start the release before this one on all nodes; or stop all nodes and delete the keys";
  return new ConfigError([`${found}. ${mend} ${REDIS_PREFIX}:{all}:* in Redis, or choose another REDIS_PREFIX`]);
}

function formats({ oldest, newest }: { oldest: number; newest: number }): string {
  return oldest === newest ? `format ${newest}` : `formats ${oldest} to ${newest}`;
}
