import type { Emitter } from "../kernel/emitter.js";
import type { UserStatus } from "@lastseen/protocol";
import type { Bus } from "../ports/bus.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Presence } from "./presence.js";
import type { StatusBoard } from "./status-board.js";

/**
 * Brings to the board whatever may change somebody's status: sessions and calls here, and what other nodes say. Other
 * nodes are told only when the user's first session here begins and when the last one has left the directory.
 *
 * @returns the function that ends it
 */
export function followStatuses(parts: {
  board: StatusBoard;
  bus: Bus;
  presence: Presence;
  events: Emitter<LifecycleEvents>;
}): () => void {
  const { board, bus, presence, events } = parts;
  const tell = (userId: string, status: UserStatus) => bus.send("all", { type: "status", userId, status });
  const releasers = [
    events.on("opened", ({ session: { userId } }) => {
      board.touch(userId);
      if (presence.here(userId).length === 1) tell(userId, "available");
    }),
    events.on("adopted", ({ session: { userId } }) => board.touch(userId)),
    events.on("ended", ({ session }) => {
      board.forget(session);
      board.touch(session.userId);
    }),
    events.on("cleaned", ({ session: { status, userId } }) => {
      if (status === "ended" && presence.here(userId).length === 0) tell(userId, "offline");
    }),
    events.on("call_changed", ({ userIds }) => {
      for (const userId of userIds) board.touch(userId);
    }),
    bus.on("message", ({ message }) => {
      if (message.type === "status") board.touch(message.userId, message.status);
    }),
    bus.on("missed", () => void board.repair()),
  ];
  return () => {
    for (const release of releasers) release();
  };
}
