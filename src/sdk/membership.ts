/**
 * The room that one wants to be in, against the room that one is in. The wish outlives sockets and sessions: whenever the
 * line is good again, the two are brought together.
 */
import type { JsonObject, ReplyData, RequestData, RoomSnapshot } from "../protocol/messages/index.js";
import type { Timers } from "./environment.js";
import type { Emitter } from "./emitter.js";
import type { ClientEvents, JoinedHow, JoinedRoom, LeftRoom } from "./events.js";
import type { ServiceEvent } from "./frame.js";
import type { Greeting, Link } from "./link.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";
import { lostOnTheWay, RequestError } from "./request-error.js";
import { RoomView } from "./room-view.js";
import type { TabMemory } from "./tab-memory.js";

/** Options of a join. */
export type JoinOptions = Omit<RequestData<"join">, "roomId">;

interface Wish {
  readonly roomId: string;
  options: JoinOptions;
  /** How often the client tried to get back in by itself. */
  retries: number;
  /** Whoever called `join` and still waits; nobody when the client rejoins by itself. */
  waiting: { resolve: (joined: JoinedRoom) => void; reject: (error: RequestError) => void }[];
}

/** Attempts to get back into a room that could not be entered for the moment. */
const REJOIN_ATTEMPTS = 5;

export class Membership {
  readonly #link: Link;
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
  #entering = false;
  #rejoinTimer: unknown;
  #unsentMetadata: JsonObject | undefined;
  /** The session was away so long that whoever else is in the room as this user came after it. */
  #outdated = false;

  constructor(parts: {
    link: Link;
    memory: TabMemory;
    timers: Timers;
    policy: ReconnectPolicy;
    events: Emitter<ClientEvents>;
    /** Told when a join has given this tab another one's session. */
    tookOver: () => void;
  }) {
    this.#link = parts.link;
    this.#memory = parts.memory;
    this.#timers = parts.timers;
    this.#policy = parts.policy;
    this.#events = parts.events;
    this.#tookOver = parts.tookOver;
    this.#view = new RoomView(parts.link, parts.events);
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
        this.#wish = { roomId, options, retries: 0, waiting: [{ resolve, reject }] };
      }
      if (this.room?.id === roomId) this.#fulfil("resumed", false);
      else void this.#enter();
    });
  }

  async leave(): Promise<void> {
    this.#dropWish(new RequestError("not_joined", "Left before the room was entered.", { retryable: false }));
    if (!this.room) return;
    this.#view.close("left");
    // Without a line the service is told after the next hello, which finds no wish.
    await this.#link.request("leave", {}).catch((error: unknown) => {
      if (!lostOnTheWay(error) && (error as RequestError).code !== "not_joined") throw error;
    });
  }

  async setMetadata(metadata: JsonObject): Promise<void> {
    if (this.#wish) this.#wish.options = { ...this.#wish.options, metadata };
    this.#unsentMetadata = undefined;
    try {
      await this.#link.request("setMetadata", { metadata });
    } catch (error) {
      if (!lostOnTheWay(error)) throw error;
      this.#unsentMetadata = metadata;
    }
    this.#view.amend(this.#sessionId, { metadata });
  }

  /** Asks for the whole roster. @throws RequestError */
  refresh(): Promise<RoomSnapshot> {
    return this.#view.refresh();
  }

  /** The session's hello was answered. */
  greeted({ reply, silentMs }: Greeting): void {
    const { sessionId, epoch, room, heartbeat } = reply;
    const newPage = this.#sessionId === "";
    [this.#sessionId, this.#epoch] = [sessionId, epoch];
    this.#capabilities = reply.routerRtpCapabilities ?? null;
    this.#entering = false;
    this.#outdated = silentMs > heartbeat.resumeGraceMs;
    // A reloaded page finds itself in its room before it asks for it.
    if (room && (this.#wish?.roomId === room.id || (!this.#wish && newPage))) {
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

  event(event: ServiceEvent): void {
    this.#view.event(event);
    if (event.type === "room_closed") this.#out("room_closed");
    if (event.type === "user_left" && event.data.sessionId === this.#sessionId) this.#out(event.data.reason);
  }

  /** The client stops: nobody waits any more and no timer is left. The wish stays for a later start, if it is `kept`. */
  stop(reason: LeftRoom["reason"], kept: boolean): void {
    const wish = this.#wish;
    this.#dropWish(new RequestError("disconnected", "The client has stopped."));
    if (kept && wish) this.#wish = { ...wish, waiting: [], retries: 0 };
    this.#view.close(reason);
    this.#sessionId = "";
    this.#entering = false;
    this.#unsentMetadata = undefined;
  }

  /** Brings the wish to pass, if there is a line and one is not on the way already. */
  async #enter(): Promise<void> {
    const wish = this.#wish;
    if (!wish || this.#entering || this.#link.state !== "connected") return;
    this.#entering = true;
    this.#timers.clear(this.#rejoinTimer);
    const sessionId = this.#sessionId;
    const asked = wish.waiting.length > 0;
    // By itself a client does not take a meeting away from the tab or device that its user has turned to meanwhile.
    const reject = !asked && this.#outdated && wish.options.onDuplicate !== "allow";
    const options = reject ? { ...wish.options, onDuplicate: "reject" as const } : wish.options;
    try {
      if (this.room && this.room.id !== wish.roomId) {
        this.#view.close("left");
        await this.#link.request("leave", {});
      }
      const reply = await this.#link.request("join", { ...options, roomId: wish.roomId });
      this.#entering = false;
      this.#joined(wish, reply, asked ? "joined" : "rejoined");
    } catch (error) {
      // With a new session the wish has been taken up again already; without a line it will be.
      if (sessionId !== this.#sessionId || this.#link.state !== "connected") return;
      this.#entering = false;
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
    wish.retries = 0;
    this.#unsentMetadata = undefined;
    this.#adopt(reply.room, how, reply.transferred);
  }

  #refused(wish: Wish, error: RequestError): void {
    if (wish !== this.#wish) {
      void this.#enter();
      return;
    }
    const url = error.data?.["url"];
    if (error.code === "redirect" && typeof url === "string" && this.#link.redirect(url)) return;
    if (error.code === "already_joined" && wish.retries === 0) {
      // An earlier join went through and only its answer was lost.
      wish.retries = 1;
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
      this.#link.close("transferred");
      return;
    }
    this.#dropWish(error);
    this.#view.close("rejoin_failed", error);
  }

  /** Requests are carried out in their order, so what follows need not wait. */
  #leaveOnService(): void {
    this.#link.request("leave", {}).catch(() => {});
  }

  /** One is in the room that one wants. */
  #adopt(room: RoomSnapshot, how: JoinedHow, transferred: boolean): void {
    this.#wish ??= { roomId: room.id, options: {}, retries: 0, waiting: [] };
    this.#link.arrived();
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
