/**
 * Keeps the line to the service: one socket at a time, hello on each, heartbeat while it is good, and the way back when
 * it breaks. What the frames mean is for others.
 *
 *     disconnected --open()--> connecting --hello answered--> connected --line lost--> reconnecting --hello--> connected
 *          ^                    |      ^                          |                     |       ^
 *          |                    +retry-+                          |                     +-retry-+
 *          +---------------- close(), a close code that says stop, or the policy gives up ------+
 */
import type { ReplyData, RequestData, RequestType } from "../protocol/messages/index.js";
import { Comeback, type Retry } from "./comeback.js";
import {
  socketEnd,
  type ConnectionState,
  type DisconnectReason,
  type ReconnectCause,
  type StateChange,
} from "./connection-state.js";
import { Emitter } from "./emitter.js";
import type { Environment } from "./environment.js";
import { Heartbeat, type Visibility } from "./heartbeat.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";
import { RequestError } from "./request-error.js";
import { Route } from "./route.js";
import type { TabMemory } from "./tab-memory.js";
import { Wire, type WireEvent } from "./wire.js";

/** Returns the token for a hello. `refused`: the one before was not accepted. */
export type GetToken = (context: { refused: boolean }) => string | Promise<string>;

export interface Greeting {
  readonly reply: ReplyData<"hello">;
  /** How long the service may not have heard of this client; Infinity when it says that the session had expired. */
  readonly silentMs: number;
}

export interface LinkEvents {
  state: StateChange;
  retry: Retry;
  greeted: Greeting;
  event: WireEvent;
  pong: { version: number | undefined; rttMs: number | undefined };
}

export interface LinkOptions {
  readonly url: string;
  readonly getToken?: GetToken | undefined;
  readonly user?: { id: string; name?: string } | undefined;
  readonly client: { name: string; version?: string };
  readonly policy: ReconnectPolicy;
}

const OPEN_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** The service closes the socket after `beforeDisconnect`; nobody waits longer than this for its answer. */
const GOODBYE_TIMEOUT_MS = 1_000;
/** Stands for the line's death in the close-code table. */
const ABNORMAL = 1006;

export class Link {
  readonly events = new Emitter<LinkEvents>();
  readonly #environment: Environment;
  readonly #options: LinkOptions;
  readonly #memory: TabMemory;
  readonly #heartbeat: Heartbeat;
  readonly #comeback: Comeback;
  readonly #route: Route;
  #user: LinkOptions["user"];
  #state: ConnectionState = "disconnected";
  #wire: Wire | undefined;
  /** The tab's memory is known to be this tab's own. */
  #ready = false;
  #tokensRefused = 0;
  #heardAt = 0;
  #expired = false;
  /** Replaces the reason of the socket's end, which says less. */
  #cause: ReconnectCause | undefined;
  /** Whatever was begun under an older generation must not go on. */
  #generation = 0;

  constructor(environment: Environment, options: LinkOptions, memory: TabMemory) {
    const { timers } = environment;
    this.#environment = environment;
    this.#options = options;
    this.#memory = memory;
    this.#user = options.user;
    this.#route = new Route(options.url);
    this.#comeback = new Comeback(timers, options.policy, () => void this.#connect());
    this.#heartbeat = new Heartbeat(
      timers,
      (text) => this.#wire?.send(text),
      () => this.#drop("pong_timeout"),
    );
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** @param ready resolves when the tab's memory is known to be this tab's own */
  open(ready: Promise<void>): void {
    if (this.#state !== "disconnected") return;
    this.#tokensRefused = 0;
    this.#comeback.reset();
    this.#heardAt = this.#environment.timers.now();
    this.#enter("connecting", undefined);
    const generation = ++this.#generation;
    void ready.then(() => {
      if (generation !== this.#generation) return;
      this.#ready = true;
      void this.#connect();
    });
  }

  /** Stops for good. Nothing of the line is left when this returns. */
  close(reason: DisconnectReason): void {
    if (this.#state === "disconnected") return;
    this.#generation += 1;
    this.#comeback.cancel();
    this.#heartbeat.stop();
    this.#ready = false;
    this.#cause = undefined;
    const wire = this.#wire;
    this.#wire = undefined;
    wire?.end();
    this.#route.home();
    this.#enter("disconnected", reason);
  }

  /** Tells the service that the session ends, by whatever way is open. Follow it with {@link close}. */
  async sayGoodbye(): Promise<void> {
    if (this.#state === "connected") {
      await this.#wire?.request("beforeDisconnect", {}, GOODBYE_TIMEOUT_MS).catch(() => {});
    } else this.beaconGoodbye();
  }

  /** The page may be gone in a moment: the browser delivers the goodbye. */
  beaconGoodbye(): void {
    const { ticket } = this.#memory;
    if (ticket && this.#ready) this.#environment.page.beacon(this.#route.goodbyeUrl, JSON.stringify(ticket));
  }

  /** @throws RequestError */
  request<T extends RequestType>(type: T, data: RequestData<T>, timeoutMs = REQUEST_TIMEOUT_MS): Promise<ReplyData<T>> {
    if (this.#state === "connected" && this.#wire) return this.#wire.request(type, data, timeoutMs);
    return Promise.reject(new RequestError("disconnected", `There is no connection to the service for ${type}.`));
  }

  ping(visibility?: Visibility): void {
    this.#heartbeat.beat(visibility);
  }

  /** The page may have slept: is the line alive, and if it is down, must the next attempt wait? */
  wake(visibility?: Visibility): void {
    if (!this.#comeback.hurry()) this.#heartbeat.wake(visibility);
  }

  /** Another node has the room that is wanted. The session there is a new one. `false`: redirected too often. */
  redirect(url: string): boolean {
    if (!this.#route.follow(url)) return false;
    void this.#wire?.request("beforeDisconnect", {}, GOODBYE_TIMEOUT_MS).catch(() => {});
    this.#memory.forgetSession();
    this.#drop("redirected");
    return true;
  }

  /** What was looked for is here: the next redirects count from the beginning. */
  arrived(): void {
    this.#route.arrived();
  }

  async #connect(): Promise<void> {
    const generation = ++this.#generation;
    let token: string | undefined;
    try {
      token = await this.#options.getToken?.({ refused: this.#tokensRefused > 0 });
    } catch {
      if (generation === this.#generation) this.#retry("token_failed");
      return;
    }
    if (generation !== this.#generation) return;
    let opened = false;
    const listener = {
      opened: () => {
        opened = true;
        if (this.#wire) void this.#greet(this.#wire, token);
      },
      event: (event: WireEvent) => this.#hear(event),
      ended: (code: number) => this.#lost(code, opened),
    };
    try {
      this.#wire = new Wire(this.#route.socketUrl, this.#environment, listener, OPEN_TIMEOUT_MS);
    } catch {
      // Such as a page served by https that may not open ws://.
      this.#retry("connect_failed");
    }
  }

  async #greet(wire: Wire, token: string | undefined): Promise<void> {
    const { ticket, tabId } = this.#memory;
    const hello = {
      tabId,
      client: this.#options.client,
      ...(token !== undefined && { token }),
      ...(this.#user && { user: this.#user }),
      ...(ticket && { resume: ticket }),
    };
    try {
      const reply = await wire.request("hello", hello, REQUEST_TIMEOUT_MS);
      if (wire === this.#wire) this.#greeted(reply);
    } catch (error) {
      if (wire === this.#wire) this.#refused(wire, token, error as RequestError);
    }
  }

  #greeted(reply: ReplyData<"hello">): void {
    const now = this.#environment.timers.now();
    const silentMs = this.#expired ? Infinity : now - this.#heardAt;
    this.#memory.keepTicket(reply);
    // A guest whom the service named stays who he is, also as a new session.
    if (!this.#options.getToken) this.#user ??= reply.user;
    this.#tokensRefused = 0;
    this.#expired = false;
    this.#heardAt = now;
    this.#comeback.reset();
    this.#heartbeat.start(reply.heartbeat.intervalMs);
    this.#enter("connected", undefined);
    this.events.emit("greeted", { reply, silentMs });
    if (this.#environment.page.visibility === "hidden") this.ping("hidden");
  }

  #refused(wire: Wire, token: string | undefined, { code, data }: RequestError): void {
    if (code === "session_gone" && this.#memory.ticket) {
      this.#memory.forgetSession();
      void this.#greet(wire, token);
    } else if (code === "redirect" && typeof data?.["url"] === "string" && this.#route.follow(data["url"])) {
      this.#drop("redirected");
    } else {
      // The service knows better than any back-off when it makes sense to come again; not all at once, though.
      const retryAfterMs = data?.["retryAfterMs"];
      if (typeof retryAfterMs === "number") {
        this.#comeback.tell(Math.round(retryAfterMs * (0.5 + this.#environment.random() / 2)));
      }
      const telling = code === "unauthorized" || code === "overloaded" || code === "rate_limited";
      this.#drop(telling ? code : "hello_failed");
    }
  }

  #hear(event: WireEvent): void {
    const rttMs = this.#heartbeat.heard();
    this.#heardAt = this.#environment.timers.now();
    if (event.type === "pong") {
      this.events.emit("pong", { version: event.v, rttMs });
    } else if (event.type === "probe") {
      this.#heartbeat.beat();
    } else {
      if (event.type === "server_closing") {
        this.#comeback.tell(Number((event.data as { reconnectAfterMs?: unknown }).reconnectAfterMs) || 0);
      }
      this.events.emit("event", event);
    }
  }

  #drop(cause: ReconnectCause): void {
    this.#cause = cause;
    this.#wire?.end(ABNORMAL);
  }

  #lost(code: number, opened: boolean): void {
    this.#heartbeat.stop();
    this.#wire = undefined;
    const end = socketEnd(code);
    if (end.kind === "stop") {
      this.close(end.reason);
      return;
    }
    if (end.forget) {
      this.#expired = true;
      this.#memory.forgetSession();
    }
    const cause = this.#cause ?? (opened ? end.cause : "connect_failed");
    this.#cause = undefined;
    const hopeless = cause === "unauthorized" && (!this.#options.getToken || ++this.#tokensRefused > 1);
    if (hopeless) this.close("unauthorized");
    else this.#retry(cause);
  }

  #retry(cause: ReconnectCause): void {
    if (this.#state === "connected") {
      this.#enter("reconnecting", cause);
      // A listener may have stopped the client.
      if (this.state === "disconnected") return;
    }
    if (cause === "redirected") this.#comeback.tell(0);
    // A node that does not answer is not the only one that can be asked.
    if (cause === "connect_failed") this.#route.home();
    const retry = this.#comeback.schedule(cause);
    if (retry) this.events.emit("retry", retry);
    else this.close("gave_up");
  }

  #enter(state: ConnectionState, reason: DisconnectReason | ReconnectCause | undefined): void {
    const previous = this.#state;
    if (previous === state) return;
    this.#state = state;
    this.events.emit("state", { state, previous, reason });
  }
}
