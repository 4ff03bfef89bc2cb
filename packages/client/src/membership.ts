/**
 * The room that one wants to be in, against the room that one is in. The wish outlives sockets and sessions: whenever the
 * line is good again, the two are brought together.
 */
import type { JsonObject, ReplyData, RequestData, RequestType, RoomSnapshot } from "@lastseen/protocol";
import type { Timers } from "./environment.js";
import type { Emitter } from "./emitter.js";
import type { ClientEvents, JoinedHow, JoinedRoom, LeftRoom } from "./events.js";
import type { ServiceEvent } from "./frame.js";
import type { Greeting, Connection } from "./connection.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";
import { lostOnTheWay, RequestError } from "./request-error.js";
import { toldTheOthers } from "./own-producers.js";
import { RoomView } from "./room-view.js";
import type { TabMemory } from "./tab-memory.js";

/** Options of a join. */
export type JoinOptions = Omit<RequestData<"join">, "roomId">;

interface Wish {
  readonly roomId: string;
  options: JoinOptions;
  /** How often the client tried to get back in by itself. */
  retries: number;
  /** Whether the way was cleared once of a stay that nobody here knew of. */
  cleared: boolean;
  /** Whoever called `join` and still waits; nobody when the client rejoins by itself. */
  waiting: { resolve: (joined: JoinedRoom) => void; reject: (error: RequestError) => void }[];
}

/** Attempts to get back into a room that could not be entered for the moment. */
const REJOIN_ATTEMPTS = 5;

export class Membership {
  readonly #connection: Connection;
  readonly #memory: TabMemory;
  readonly #timers: Timers;
  readonly #policy: ReconnectPolicy;
  readonly #events: Emitter<ClientEvents>;
  readonly #tookOver: () => void;
  readonly #view: RoomView;
  /** mediasoup's `RtpCapabilities` of the room. */
  #capabilities: JsonObject | null = null;
  #sessionId = "";
  #epoch = 0;
  #wish: Wish | undefined;
  /** The join that waits for its answer; of one that is not this any more, only the answer counts. */
  #attempt: object | undefined;
  /** A page that has just been loaded finds itself in the room of its session, unless it has left before. */
  #arriving = true;
  #rejoinTimer: unknown;
  #unsentMetadata: JsonObject | undefined;
  /** The session was away so long that whoever else is in the room as this user came after it. */
  #outdated = false;

  constructor(parts: {
    connection: Connection;
    memory: TabMemory;
    timers: Timers;
    policy: ReconnectPolicy;
    events: Emitter<ClientEvents>;
    /** Told when a join has given this tab another one's session. */
    tookOver: () => void;
  }) {
    this.#connection = parts.connection;
    this.#memory = parts.memory;
    this.#timers = parts.timers;
    this.#policy = parts.policy;
    this.#events = parts.events;
    this.#tookOver = parts.tookOver;
    this.#view = new RoomView(parts.connection, parts.events);
  }

  get room(): RoomSnapshot | undefined {
    return this.#view.room;
  }

  /** The user who speaks, if anybody does. */
  get activeSpeaker(): string | null {
    return this.#view.activeSpeaker;
  }

  /** The session's id and epoch, which a transfer changes. */
  get identity(): { sessionId: string; epoch: number } {
    return { sessionId: this.#sessionId, epoch: this.#epoch };
  }

  /** @throws RequestError the service's refusal; `disconnected` when the client stops first */
  join(roomId: string, options: JoinOptions): Promise<JoinedRoom> {
    return new Promise((resolve, reject) => {
      if (this.#wish?.roomId === roomId) this.#wish.waiting.push({ resolve, reject });
      else {
        this.#dropWish(new RequestError("not_joined", `Replaced by a join of ${roomId}.`, { retryable: false }));
        this.#wish = { ...wishFor(roomId, options), waiting: [{ resolve, reject }] };
      }
      if (this.room?.id === roomId) this.#fulfil("resumed", false);
      else void this.#enter();
    });
  }

  async leave(): Promise<void> {
    this.#dropWish(new RequestError("not_joined", "Left before the room was entered.", { retryable: false }));
    this.#arriving = false;
    if (!this.room) return;
    this.#view.close("left");
    // Without a line the service is told after the next hello, which finds no wish.
    await this.#connection.request("leave", {}).catch((error: unknown) => {
      if (!lostOnTheWay(error) && (error as RequestError).code !== "not_joined") throw error;
    });
  }

  async setMetadata(given: JsonObject): Promise<void> {
    const metadata = { ...given };
    const wish = this.#wish;
    const before = wish?.options;
    const isLatest = () => !wish || wish.options.metadata === metadata;
    if (wish) wish.options = { ...wish.options, metadata };
    this.#unsentMetadata = undefined;
    try {
      await this.#connection.request("setMetadata", { metadata });
    } catch (error) {
      // Who is on the way into the room brings them along.
      const isKept = lostOnTheWay(error) || (wish && (error as RequestError).code === "not_joined");
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

  /** The session's hello was answered. */
  greeted({ reply, silentMs }: Greeting): void {
    const { sessionId, epoch, room, heartbeat } = reply;
    const isArriving = this.#arriving;
    this.#arriving = false;
    [this.#sessionId, this.#epoch] = [sessionId, epoch];
    this.#capabilities = reply.routerRtpCapabilities ?? null;
    this.#attempt = undefined;
    this.#outdated = silentMs > heartbeat.resumeGraceMs;
    // A reloaded page finds itself in its room before it asks for it.
    if (room && (this.#wish?.roomId === room.id || (!this.#wish && isArriving))) {
      this.#adopt(room, "resumed", false);
      if (this.#unsentMetadata) this.setMetadata(this.#unsentMetadata).catch(() => {});
      return;
    }
    if (room) this.#leaveOnService();
    void this.#enter();
  }

  pong(version: number | undefined): void {
    if (version === undefined) return;
    if (this.room) this.#view.check(version);
    // A join that was given up on this side went through on the other.
    else if (!this.#wish) this.#leaveOnService();
  }

  /** Of what one has done oneself the service tells only the others. */
  answered<T extends RequestType>(type: T, data: RequestData<T>, reply: ReplyData<T>): void {
    const sessionId = this.#sessionId;
    const { id: roomId, participants = [] } = this.room ?? {};
    const self = participants.find((participant) => participant.sessionId === sessionId);
    if (roomId === undefined || !self) return;
    const event = toldTheOthers({ roomId, userId: self.userId, sessionId }, type, data, reply);
    if (event) this.#view.event(event);
  }

  event(event: ServiceEvent): void {
    this.#view.event(event);
    if (event.type === "media_reset") this.#view.amend(this.#sessionId, { producers: [] }, event.type);
    // Which of one's own producers were in it is told to the others.
    if (event.type === "transport_closed") this.refresh().catch(() => {});
    // What is told of the room before this one has nothing to do with the wish.
    const isHere = "roomId" in event.data && event.data.roomId === this.room?.id;
    if (isHere && event.type === "room_closed") this.#out("room_closed");
    if (isHere && event.type === "user_left" && event.data.sessionId === this.#sessionId) this.#out(event.data.reason);
  }

  /** The client stops: nobody waits any more and no timer is left. The wish stays for a later start, if it is `kept`. */
  stop(reason: LeftRoom["reason"], kept: boolean): void {
    const wish = this.#wish;
    this.#dropWish(new RequestError("disconnected", "The client has stopped."));
    if (kept && wish) this.#wish = wishFor(wish.roomId, wish.options);
    this.#view.close(reason);
    this.#sessionId = "";
    this.#attempt = undefined;
    this.#unsentMetadata = undefined;
  }

  /** Brings the wish to pass, if there is a line and one is not on the way already. */
  async #enter(): Promise<void> {
    const wish = this.#wish;
    if (!wish || this.#attempt || this.#connection.state !== "connected") return;
    const attempt = (this.#attempt = {});
    this.#timers.clear(this.#rejoinTimer);
    const asked = wish.waiting.length > 0;
    // By itself a client does not take a meeting away from the tab or device that its user has turned to meanwhile.
    const reject = !asked && this.#outdated && wish.options.onDuplicate !== "allow";
    const options = reject ? { ...wish.options, onDuplicate: "reject" as const } : wish.options;
    try {
      if (this.room && this.room.id !== wish.roomId) {
        this.#view.close("left");
        this.#leaveOnService();
      }
      const late = (reply: ReplyData<"join">) => this.#joined(wish, reply, "rejoined");
      const reply = await this.#connection.request("join", { ...options, roomId: wish.roomId }, { late });
      this.#attempt = undefined;
      this.#joined(wish, reply, asked ? "joined" : "rejoined");
    } catch (error) {
      // With a new session the wish has been taken up again already; without a line it will be.
      if (attempt !== this.#attempt || this.#connection.state !== "connected") return;
      this.#attempt = undefined;
      this.#refused(wish, error as RequestError);
    }
  }

  #joined(wish: Wish, reply: ReplyData<"join">, how: JoinedHow): void {
    [this.#sessionId, this.#epoch] = [reply.sessionId, reply.epoch];
    this.#memory.keepTicket(reply);
    this.#capabilities = reply.routerRtpCapabilities;
    if (reply.transferred) this.#tookOver();
    if (this.#wish !== wish) {
      // The wish has changed while the service carried the old one out.
      this.#leaveOnService();
      void this.#enter();
      return;
    }
    // Also when the answer is that to an attempt before the one that is waited for.
    this.#timers.clear(this.#rejoinTimer);
    this.#attempt = undefined;
    wish.retries = 0;
    wish.cleared = false;
    this.#unsentMetadata = undefined;
    this.#adopt(reply.room, how, reply.transferred);
  }

  #refused(wish: Wish, error: RequestError): void {
    if (wish !== this.#wish) {
      void this.#enter();
      return;
    }
    const url = error.data?.["url"];
    if (error.code === "redirect" && typeof url === "string" && this.#connection.redirect(url)) return;
    if (error.code === "already_joined" && !wish.cleared) {
      // The session is in a room of which nobody here knows.
      wish.cleared = true;
      this.#leaveOnService();
      void this.#enter();
      return;
    }
    const asked = wish.waiting.length > 0;
    if (!asked && error.retryable && wish.retries < REJOIN_ATTEMPTS) {
      const delayMs = this.#policy.nextDelayMs({ attempt: wish.retries++, elapsedMs: 0, cause: "overloaded" });
      this.#rejoinTimer = this.#timers.set(delayMs ?? 0, () => void this.#enter());
      return;
    }
    if (!asked && error.code === "duplicate_session") {
      // The same as if this tab had been told when the other one took over.
      this.#connection.close("transferred");
      return;
    }
    this.#dropWish(error);
    this.#view.close("rejoin_failed", error);
  }

  /** Requests are carried out in their order, so what follows need not wait. */
  #leaveOnService(): void {
    this.#connection.request("leave", {}).catch(() => {});
  }

  /** One is in the room that one wants. */
  #adopt(room: RoomSnapshot, how: JoinedHow, transferred: boolean): void {
    this.#wish ??= wishFor(room.id, {});
    this.#connection.arrived();
    this.#view.open(room, () => this.#fulfil(how, transferred));
  }

  #fulfil(how: JoinedHow, transferred: boolean): void {
    const { room } = this;
    if (!room || !this.#wish) return;
    const joined = { room, how, transferred, routerRtpCapabilities: this.#capabilities };
    const { waiting } = this.#wish;
    this.#wish.waiting = [];
    this.#events.emit("joined", joined);
    for (const { resolve } of waiting) resolve(joined);
  }

  #out(reason: LeftRoom["reason"]): void {
    this.#dropWish(new RequestError("not_joined", `The room was left: ${reason}.`, { retryable: false }));
    this.#view.close(reason);
  }

  #dropWish(error: RequestError): void {
    this.#timers.clear(this.#rejoinTimer);
    const waiting = this.#wish?.waiting ?? [];
    this.#wish = undefined;
    for (const { reject } of waiting) reject(error);
  }
}

function wishFor(roomId: string, options: JoinOptions): Wish {
  return { roomId, options, retries: 0, cleared: false, waiting: [] };
}
