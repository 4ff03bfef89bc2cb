/** Who may enter the room of a call, and how a session gets to the node that holds the room. */
import { LastseenError } from "@lastseen/protocol";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import { callOfRoom, type CallStore } from "../ports/call-store.js";
import type { Directory } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import type { SessionConnection } from "../session/session-connection.js";
import { sendElsewhere } from "../session/send-elsewhere.js";
import type { Session } from "../session/session.js";
import type { BackgroundTasks } from "./background-tasks.js";
import { isOneOf } from "./call-notices.js";
import { callGone } from "./call-teardown.js";
import type { KnownCalls } from "./known-calls.js";

/** A client whose session has moved reconnects after this time; the other node adopts the session before. */
const RECONNECT_AFTER_MS = 300;

export class CallRooms {
  readonly #store: CallStore;
  readonly #known: KnownCalls;
  readonly #registry: SessionRegistry;
  readonly #directory: Directory;
  readonly #bus: Bus;
  readonly #tasks: BackgroundTasks;
  readonly #events: Emitter<LifecycleEvents>;

  constructor(parts: {
    store: CallStore;
    known: KnownCalls;
    registry: SessionRegistry;
    directory: Directory;
    bus: Bus;
    tasks: BackgroundTasks;
    events: Emitter<LifecycleEvents>;
  }) {
    this.#store = parts.store;
    this.#known = parts.known;
    this.#registry = parts.registry;
    this.#directory = parts.directory;
    this.#bus = parts.bus;
    this.#tasks = parts.tasks;
    this.#events = parts.events;
  }

  /**
   * Checks that the session may enter the room of a call. Of each of the two users one device may enter: the one that is
   * in the call, or another one that takes its place in the room.
   *
   * @returns undefined for a room that belongs to no call
   * @throws LastseenError `call_gone`, `forbidden`, `overloaded`
   */
  assertMayEnter(session: Session, roomId: string): Promise<void> | undefined {
    const callId = callOfRoom(roomId);
    return callId === undefined ? undefined : this.#assertIsIn(callId, session, roomId);
  }

  /**
   * Moves a session to the node that holds the room of its call, and closes its connection; the client reconnects there
   * and resumes. A client that is sent to another node for any other room begins a new session there. Here that would end
   * the call, because a call belongs to its sessions.
   *
   * @returns `false` when the session stays here
   * @throws LastseenError `overloaded` when the store did not answer, or says that this node does not hold the session: a move before
   *   this one was perhaps carried out without an answer
   */
  async moveToRoom(session: Session, connection: SessionConnection, roomId: string): Promise<boolean> {
    const room = await this.#directory.findRoom(roomId);
    if (!room || room.expired || room.nodeId === this.#directory.nodeId) return false;
    const outcome = await this.#directory.handOver([{ sessionId: session.id }], room.nodeId).catch((cause: unknown) => {
      throw this.#perhapsElsewhere(session, cause);
    });
    if (outcome.kind !== "handed") return false;
    if (outcome.sessionIds.length === 0) throw this.#perhapsElsewhere(session);
    this.#bus.send({ nodeId: room.nodeId }, { type: "handed_over", sessionIds: [...outcome.sessionIds] });
    sendElsewhere(connection, room.url, RECONNECT_AFTER_MS);
    this.#events.emit("held_elsewhere", { session, why: "handed_over" });
    return true;
  }

  #perhapsElsewhere(session: Session, cause?: unknown): LastseenError {
    this.#events.emit("perhaps_elsewhere", { session });
    const why = "It can't be told now which node holds this session; try again.";
    return new LastseenError("overloaded", why, { cause });
  }

  async #assertIsIn(callId: string, session: Session, roomId: string): Promise<void> {
    const call = this.#known.find(callId) ?? (await this.#tasks.ask(() => this.#store.find(callId)));
    if (call?.state !== "active") throw callGone();
    if (isOneOf(call, session)) return;
    const own = [call.caller, call.callee].find(({ userId }) => userId === session.userId);
    if (!own) throw new LastseenError("forbidden", "Only the two of a call may enter its room.");
    const other = this.#registry.find(own.sessionId ?? "");
    if (other && other.participation?.roster.id !== roomId)
      throw new LastseenError("forbidden", "This call is on another of your devices.");
  }
}
