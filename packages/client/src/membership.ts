/**
 * Keeps the session in the room that the application wants. After each hello it compares that {@link RoomWish} with the
 * room that the session is in, and joins or leaves.
 */
import type { JsonObject, ReplyData, RequestData, RequestType, RoomSnapshot } from "@lastseen/protocol";
import type { Timers } from "./environment.js";
import type { Emitter } from "./emitter.js";
import type { ClientEvents, JoinedHow, JoinedRoom, LeftRoom, RoomState } from "./events.js";
import type { ServiceEvent } from "./frame.js";
import type { Connection } from "./connection.js";
import type { Greeting } from "./connection-events.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";
import { eventForOthers } from "./own-producers.js";
import { checkId, checkMetadata } from "./options.js";
import { hasStopped, outcomeUnknown, RequestError } from "./request-error.js";
import { RoomView } from "./room-view.js";
import { RoomWish, type JoinOptions } from "./room-wish.js";
import type { TabMemory } from "./tab-memory.js";

const NOTHING = (): string[] => [];

export class Membership {
  readonly #connection: Connection;
  readonly #memory: TabMemory;
  readonly #timers: Timers;
  readonly #policy: ReconnectPolicy;
  readonly #events: Emitter<ClientEvents>;
  readonly #onTransferred: () => void;
  readonly #view: RoomView;
  /** mediasoup's `RtpCapabilities` of the room. */
  #capabilities: JsonObject | null = null;
  #sessionId = "";
  #epoch = 0;
  #wish: RoomWish | undefined;
  /** Identifies the join that waits for its answer; the failure of an older one is ignored. */
  #attempt: object | undefined;
  /** Until the first hello is answered: a page that was reloaded stays in the room of its session, unless it leaves. */
  #isFirstHello = true;
  #rejoinTimer: unknown;
  #unsentMetadata: JsonObject | undefined;
  /** Tells what this page will send as soon as it has joined. */
  #upcoming = NOTHING;
  /** The session was away for so long that another tab of the user in the room is the newer one. */
  #outdated = false;

  constructor(parts: {
    connection: Connection;
    memory: TabMemory;
    timers: Timers;
    policy: ReconnectPolicy;
    events: Emitter<ClientEvents>;
    /** A join has given this tab the session of another tab. */
    onTransferred: () => void;
  }) {
    this.#connection = parts.connection;
    this.#memory = parts.memory;
    this.#timers = parts.timers;
    this.#policy = parts.policy;
    this.#events = parts.events;
    this.#onTransferred = parts.onTransferred;
    this.#view = new RoomView(parts.connection, parts.events);
  }

  get room(): RoomState | undefined {
    return this.#view.room;
  }

  /** Id of the user who speaks, or null. */
  get activeSpeaker(): string | null {
    return this.#view.activeSpeaker;
  }

  /** mediasoup's `RtpCapabilities` of the room; `null` without a room, or when the room has no media. */
  get capabilities(): JsonObject | null {
    return this.room ? this.#capabilities : null;
  }

  /** Id of the room that the application wants to be in. */
  get wanted(): string | undefined {
    return this.#wish?.roomId;
  }

  /** The session's id and epoch, which a transfer changes. */
  get identity(): { sessionId: string; epoch: number } {
    return { sessionId: this.#sessionId, epoch: this.#epoch };
  }

  /** @throws RequestError the service's refusal; `bad_message` for wrong values; why the client has stopped */
  async join(roomId: string, options: JoinOptions): Promise<JoinedRoom> {
    checkId("roomId", roomId);
    if (options.metadata !== undefined) checkMetadata(options.metadata);
    const { stopped } = this.#connection;
    if (stopped) throw stopped;
    const before = this.#wish;
    const wish = before?.roomId === roomId ? before : new RoomWish(roomId, options);
    if (wish !== before) {
      this.#dropWish(new RequestError("not_joined", `Replaced by a join of ${roomId}.`, { retryable: false }));
      this.#wish = wish;
    }
    const joined = wish.wait();
    if (this.room?.id === roomId) this.#fulfil("resumed", false);
    else void this.#enter();
    return joined;
  }

  /** See `LastseenClient.willPublish`. */
  willPublish(sources: () => string[]): () => void {
    this.#upcoming = sources;
    return () => (this.#upcoming = NOTHING);
  }

  async leave(): Promise<void> {
    this.#dropWish(new RequestError("not_joined", "Left before the room was entered.", { retryable: false }));
    this.#isFirstHello = false;
    if (!this.room) return;
    this.#view.close("left");
    // Without a connection the client leaves after the next hello, because there is no wish any more.
    await this.#connection.request("leave", {}).catch((error: unknown) => {
      if (!outcomeUnknown(error) && (error as RequestError).code !== "not_joined") throw error;
    });
  }

  async setMetadata(given: JsonObject): Promise<void> {
    checkMetadata(given);
    const metadata = { ...given };
    const wish = this.#wish;
    const before = wish?.options;
    const isLatest = () => !wish || wish.options.metadata === metadata;
    if (wish) wish.options = { ...wish.options, metadata };
    this.#unsentMetadata = undefined;
    try {
      await this.#connection.request("setMetadata", { metadata });
    } catch (error) {
      // While a join is on its way, the metadata goes with the wish.
      const isKept =
        !hasStopped(error) && (outcomeUnknown(error) || (wish && (error as RequestError).code === "not_joined"));
      if (isLatest() && isKept) this.#unsentMetadata = metadata;
      else if (isLatest() && wish && before) wish.options = before;
      if (!isKept) throw error;
    }
    this.#view.amend(this.#sessionId, { metadata }, "metadata_changed");
  }

  /** Asks for the whole roster. @throws RequestError */
  refresh(): Promise<RoomSnapshot> {
    return this.#view.refresh();
  }

  /** The service has answered a hello. */
  greeted({ reply, silentMs }: Greeting): void {
    const { sessionId, epoch, room, heartbeat } = reply;
    const isFirstHello = this.#isFirstHello;
    this.#isFirstHello = false;
    this.#sessionId = sessionId;
    this.#epoch = epoch;
    this.#capabilities = reply.routerRtpCapabilities ?? null;
    this.#attempt = undefined;
    this.#outdated = silentMs > heartbeat.resumeGraceMs;
    // A page that was reloaded is in its room before the application asks for it.
    if (room && (this.#wish?.roomId === room.id || (!this.#wish && isFirstHello))) {
      this.#adopt(room, "resumed", false);
      if (this.#unsentMetadata) this.setMetadata(this.#unsentMetadata).catch(() => {});
      return;
    }
    if (room) this.#leaveOnService();
    if (!this.#wish) this.#connection.arrived();
    void this.#enter();
  }

  pong(version: number | undefined): void {
    if (version === undefined) return;
    if (this.room) this.#view.check(version);
    // The client has given up a join that the service then carried out.
    else if (!this.#wish) this.#leaveOnService();
  }

  /** Applies the user's own change to the roster, because the service tells it only to the others. */
  answered<T extends RequestType>(type: T, data: RequestData<T>, reply: ReplyData<T>): void {
    const sessionId = this.#sessionId;
    const { id: roomId, participants = [] } = this.room ?? {};
    const self = participants.find((participant) => participant.sessionId === sessionId);
    if (roomId === undefined || !self) return;
    const event = eventForOthers({ roomId, userId: self.userId, sessionId }, type, data, reply);
    if (event) this.#view.event(event, sessionId);
  }

  event(event: ServiceEvent): void {
    this.#view.event(event, this.#sessionId);
    if (event.type === "media_reset") this.#view.amend(this.#sessionId, { producers: [] }, event.type);
    // The service tells only the others which of this session's producers were in the transport.
    if (event.type === "transport_closed") this.refresh().catch(() => {});
    // Late events of the room before this one do not concern the wish.
    const isHere = "roomId" in event.data && event.data.roomId === this.room?.id;
    if (isHere && event.type === "room_closed") this.#leftByService("room_closed");
    if (isHere && event.type === "user_left" && event.data.sessionId === this.#sessionId)
      this.#leftByService(event.data.reason);
  }

  /** Rejects all calls and stops the timer. @param keepWish whether the client goes back to the room when it starts again */
  stop(reason: LeftRoom["reason"], keepWish: boolean, error: RequestError): void {
    const wish = this.#wish;
    this.#dropWish(error);
    if (keepWish && wish) this.#wish = new RoomWish(wish.roomId, wish.options);
    this.#view.close(reason);
    this.#sessionId = "";
    this.#attempt = undefined;
    this.#unsentMetadata = undefined;
  }

  /** Joins the wanted room, if the client is connected and no join is on its way. */
  async #enter(): Promise<void> {
    const wish = this.#wish;
    if (!wish || this.#attempt || this.#connection.state !== "connected") return;
    const attempt = (this.#attempt = {});
    this.#timers.clear(this.#rejoinTimer);
    const asked = wish.isAwaited;
    // Unless the application asks, the client takes no meeting away from the tab or device that the user went on with.
    const reject = !asked && this.#outdated && wish.options.onDuplicate !== "allow";
    const options = reject ? { ...wish.options, onDuplicate: "reject" as const } : wish.options;
    const sources = this.#upcoming();
    try {
      if (this.room && this.room.id !== wish.roomId) {
        this.#view.close("left");
        this.#leaveOnService();
      }
      const late = (reply: ReplyData<"join">) => this.#joined(wish, reply, "rejoined");
      const reply = await this.#connection.request(
        "join",
        { ...(sources[0] && { sources }), ...options, roomId: wish.roomId },
        { late },
      );
      this.#attempt = undefined;
      this.#joined(wish, reply, asked ? "joined" : "rejoined");
    } catch (error) {
      // With a new session there is a new join already; without a connection there will be one.
      if (attempt !== this.#attempt || this.#connection.state !== "connected") return;
      this.#attempt = undefined;
      this.#refused(wish, error as RequestError);
    }
  }

  #joined(wish: RoomWish, reply: ReplyData<"join">, how: JoinedHow): void {
    this.#sessionId = reply.sessionId;
    this.#epoch = reply.epoch;
    this.#memory.keepTicket(reply);
    this.#capabilities = reply.routerRtpCapabilities;
    if (reply.transferred) this.#onTransferred();
    if (this.#wish !== wish) {
      // The wish has changed while the service carried out this join.
      this.#leaveOnService();
      void this.#enter();
      return;
    }
    // This may be the answer to a join before the latest one; it ends the latest one too.
    this.#timers.clear(this.#rejoinTimer);
    this.#attempt = undefined;
    wish.resetAttempts();
    this.#unsentMetadata = undefined;
    this.#adopt(reply.room, how, reply.transferred);
  }

  #refused(wish: RoomWish, error: RequestError): void {
    if (wish !== this.#wish) {
      void this.#enter();
      return;
    }
    const url = error.data?.["url"];
    if (error.code === "redirect" && typeof url === "string" && this.#connection.redirect(url)) return;
    if (error.code === "already_joined" && wish.shouldClear()) {
      // The session is in a room that the client does not know of.
      this.#leaveOnService();
      void this.#enter();
      return;
    }
    const asked = wish.isAwaited;
    const retry = !asked && error.retryable ? wish.nextRetry() : undefined;
    if (retry !== undefined) {
      const delayMs = this.#policy.nextDelayMs({ attempt: retry, elapsedMs: 0, cause: "overloaded" });
      this.#rejoinTimer = this.#timers.set(delayMs ?? 0, () => void this.#enter());
      return;
    }
    if (!asked && error.code === "duplicate_session") {
      // As if the service had told this tab that the other one took over.
      this.#connection.close("transferred");
      return;
    }
    this.#dropWish(error);
    this.#view.close("rejoin_failed", error);
  }

  /** Does not wait: the service carries out requests in order, so a join may follow at once. */
  #leaveOnService(): void {
    this.#connection.request("leave", {}).catch(() => {});
  }

  /** The session is in the wanted room. */
  #adopt(room: RoomSnapshot, how: JoinedHow, transferred: boolean): void {
    this.#wish ??= new RoomWish(room.id, {});
    this.#connection.arrived();
    this.#view.open(room, () => this.#fulfil(how, transferred));
  }

  #fulfil(how: JoinedHow, transferred: boolean): void {
    const { room } = this;
    if (!room || !this.#wish) return;
    const joined = { room, how, transferred, routerRtpCapabilities: this.#capabilities };
    const waiting = this.#wish.takeWaiting();
    this.#events.emit("joined", joined);
    for (const { resolve } of waiting) resolve(joined);
  }

  #leftByService(reason: LeftRoom["reason"]): void {
    this.#dropWish(new RequestError("not_joined", `The room was left: ${reason}.`, { retryable: false }));
    this.#view.close(reason);
  }

  #dropWish(error: RequestError): void {
    this.#timers.clear(this.#rejoinTimer);
    const wish = this.#wish;
    this.#wish = undefined;
    wish?.reject(error);
  }
}
