import type { Logger } from "pino";
import type { ClusterEvents } from "../cluster/events.js";
import type { Emitter } from "../kernel/emitter.js";

/** Writes log lines about this node's place in the cluster. While the store does not answer, there is one line, not one per attempt. */
export function followCluster(log: Logger, events: Emitter<ClusterEvents>): void {
  let isAway = false;
  events.on("registered", ({ epoch }) => log.info({ epoch }, "node registered"));
  events.on("format_changed", (fields) => log.info(fields, "all nodes can read this format, and write it from now on"));
  events.on("lease_lost", ({ silentMs }) =>
    log.warn({ silentMs: Math.round(silentMs) }, "lease lost: other nodes may have taken over what was here"),
  );
  events.on("unreachable", ({ error }) => {
    if (!isAway) log.error({ err: error }, "the store can't be asked; sessions go on, new rooms wait");
    isAway = true;
  });
  events.on("renewed", () => {
    if (isAway) log.info("the store answers again");
    isAway = false;
  });
  events.on("suspected", (fields) => log.warn(fields, "a node does not renew its lease"));
  events.on("taken_over", ({ result, error, ...fields }) => {
    if (result === "failed") log.error({ ...fields, err: error }, "takeover of a dead node failed");
    else if (fields.sessions > 0) log.warn(fields, "sessions of a dead node taken over");
  });
  events.on("store_lost", (fields) =>
    log.warn(fields, "the store has lost keys; the nodes write them again. Find out who deleted them"),
  );
  events.on("audited", (fields) => {
    const changed = fields.written + fields.adopted + fields.fenced > 0;
    log[changed ? "info" : "debug"](fields, "directory compared with what is here");
  });
  events.on("address_wrong", (fields) => log.warn(fields, "a node's PUBLIC_URL does not lead to it"));
  events.on("address_cleared", (fields) => log.info(fields, "a node's PUBLIC_URL leads to it again, or it is gone"));
  events.on("draining", (fields) => log.info(fields, "draining"));
  events.on("drained", (fields) => log.info(fields, "drained"));
  events.on("rebalancing", (fields) => log.info(fields, "a node has fewer sessions than its share; some go there now"));
  events.on("rebalanced", (fields) => log.info(fields, "sessions have moved to a node that had fewer than its share"));
}
