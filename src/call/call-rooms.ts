import { LastseenError } from "@lastseen/protocol";
import { callOfRoom, type CallStore } from "../ports/call-store.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { gone, type BackgroundTasks } from "./background-tasks.js";
import type { CallNews } from "./call-news.js";
import { isOneOf } from "./call-notices.js";

/** Who may enter the room of a call. */
export class CallRooms {
  readonly #store: CallStore;
  readonly #news: CallNews;
  readonly #registry: SessionRegistry;
  readonly #tasks: BackgroundTasks;

  constructor(parts: { store: CallStore; news: CallNews; registry: SessionRegistry; tasks: BackgroundTasks }) {
    this.#store = parts.store;
    this.#news = parts.news;
    this.#registry = parts.registry;
    this.#tasks = parts.tasks;
  }

  /**
   * Lets only the two of a call into its room, and of their devices only the one that is in the call or takes its place
   * there over. Undefined for a room that belongs to no call.
   *
   * @throws LastseenError `call_gone`, `forbidden`, `overloaded`
   */
  assertMayEnter(session: Session, roomId: string): Promise<void> | undefined {
    const callId = callOfRoom(roomId);
    return callId === undefined ? undefined : this.#assertIsIn(callId, session, roomId);
  }

  async #assertIsIn(callId: string, session: Session, roomId: string): Promise<void> {
    const call = this.#news.book.find(callId) ?? (await this.#tasks.ask(() => this.#store.find(callId)));
    if (call?.state !== "active") throw gone();
    if (isOneOf(call, session)) return;
    const own = [call.caller, call.callee].find(({ userId }) => userId === session.userId);
    if (!own) throw new LastseenError("forbidden", "Only the two of a call may enter its room.");
    const other = this.#registry.find(own.sessionId ?? "");
    if (other && other.participation?.roster.id !== roomId)
      throw new LastseenError("forbidden", "This call is on another of your devices.");
  }
}
