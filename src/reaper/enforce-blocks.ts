import type { Emitter } from "../kernel/emitter.js";
import type { BlockRecord } from "../ports/block-list.js";
import { blockedBy, type Blocks } from "../session/blocks.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import type { Reaper } from "./reaper.js";

/**
 * Ends what a block forbids on this node: the sessions of a user who is blocked everywhere, the stay in a room of a user who is
 * blocked there. Also of sessions that come from another node, which may not have known of the block. Each client is told why.
 */
export function enforceBlocks(parts: {
  events: Emitter<LifecycleEvents>;
  blocks: Pick<Blocks, "find">;
  registry: SessionRegistry;
  reaper: Pick<Reaper, "end" | "leaveRoom">;
}): void {
  const { events, blocks, registry, reaper } = parts;
  const enforce = (session: Session, block: BlockRecord): void => {
    const { participation, connection } = session;
    const { roomId, by } = block;
    if (session.status !== "open" || (roomId !== undefined && roomId !== participation?.roster.id)) return;
    events.emit("session_blocked", { session, block });
    if (roomId === undefined) {
      const { code, message, data = {} } = blockedBy(block).toWire();
      connection?.sendEvent("error", { code, message, data });
      void reaper.end(session, { reason: "kicked", by });
    } else {
      const version = participation?.roster.version ?? 0;
      connection?.sendEvent("room_closed", { roomId, version, reason: "blocked" });
      void reaper.leaveRoom(session, { reason: "kicked", by });
    }
  };
  events.on("block_found", ({ block }) => {
    for (const session of registry.ofUser(block.userId)) enforce(session, block);
  });
  events.on("adopted", ({ session }) => {
    const block = blocks.find({ userId: session.userId, roomId: session.participation?.roster.id });
    if (block) enforce(session, block);
  });
}
