/**
 * Keeps the line to the service: one socket at a time, hello on each, heartbeat while it is good, and the way back when
 * it breaks. What the frames mean is for others.
 *
 *     disconnected --open()--> connecting --hello answered--> connected --line lost--> reconnecting --hello--> connected
 *          ^                    |      ^                          |                     |       ^
 *          |                    +retry-+                          |                     +-retry-+
 *          +---------------- close(), a close code that says stop, or the policy gives up ------+
 */
import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import { Comeback, type Retry } from "./comeback.js";
import type {
  ConnectionState,
  DisconnectReason,
  ReconnectCause,
  StateAndReason,
  StateChange,
} from "./connection-state.js";
import { Emitter } from "./emitter.js";
import type { Environment } from "./environment.js";
import type { Message, ServiceEvent } from "./frame.js";
import { Greeter, type GreeterOptions } from "./greeter.js";
import { Heartbeat, type Visibility } from "./heartbeat.js";
import { Attempt, type AttemptEnd } from "./attempt.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";
import { RequestError } from "./request-error.js";
import { Route } from "./route.js";
import type { TabMemory } from "./tab-memory.js";
import type { Patience, Socket } from "./socket.js";

export interface Greeting {
  readonly reply: ReplyData<"hello">;
  /** How long the service may not have heard of this client; Infinity when it says that the session had expired. */
  readonly silentMs: number;
}

export interface ConnectionEvents {
  state: StateChange;
  retry: Retry;
  greeted: Greeting;
  event: ServiceEvent;
  pong: { version: number | undefined; rttMs: number | undefined };
}

export interface ConnectionOptions extends GreeterOptions {
  readonly url: string;
  readonly policy: ReconnectPolicy;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** The service closes the socket after `beforeDisconnect`; nobody waits longer than this for its answer. */
const GOODBYE_TIMEOUT_MS = 1_000;

export class Connection {
  readonly events = new Emitter<ConnectionEvents>();
  readonly #environment: Environment;
  readonly #memory: TabMemory;
  readonly #greeter: Greeter;
  readonly #heartbeat: Heartbeat;
  readonly #comeback: Comeback;
  readonly #route: Route;
  #state: ConnectionState = "disconnected";
  #attempt: Attempt | undefined;
  /** The line's, while there is a session on it. */
  #socket: Socket | undefined;
  /** The start that goes on at the moment. */
  #start: Promise<void> | undefined;
  /** The tab's memory is known to be this tab's own. */
  #ready = false;
  /** How the service believes the page to be. */
  #declared: Visibility = "visible";
  /** When the service was last heard; -Infinity when it has said that the session had expired. */
  #heardAt = 0;

  constructor(environment: Environment, options: ConnectionOptions, memory: TabMemory) {
    const { timers } = environment;
    this.#environment = environment;
    this.#memory = memory;
    this.#greeter = new Greeter(options, memory);
    this.#route = new Route(options.url);
    this.#comeback = new Comeback(timers, options.policy, () => this.#connect());
    this.#heartbeat = new Heartbeat(
      timers,
      (text) => this.#socket?.send(text),
      () => this.#attempt?.end({ kind: "retry", cause: "pong_timeout" }),
    );
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** @param ready resolves when the tab's memory is known to be this tab's own */
  open(ready: Promise<void>): void {
    if (this.#state !== "disconnected") return;
    this.#greeter.forgive();
    this.#comeback.reset();
    this.#heardAt = this.#environment.timers.now();
    this.#enter({ state: "connecting", reason: undefined });
    this.#start = ready;
    void ready.then(() => {
      if (this.#start !== ready) return;
      this.#ready = true;
      this.#connect();
    });
  }

  /** Stops for good. Nothing of the line is left when this returns. */
  close(reason: DisconnectReason): void {
    if (this.#state === "disconnected") return;
    this.#start = undefined;
    this.#ready = false;
    this.#comeback.cancel();
    this.#heartbeat.stop();
    this.#attempt?.close();
    this.#attempt = this.#socket = undefined;
    this.#route.home();
    this.#enter({ state: "disconnected", reason });
  }

  /** Tells the service that the session ends, by whatever way is open. Follow it with {@link close}. */
  async sayGoodbye(): Promise<void> {
    const goodbye = this.request("beforeDisconnect", {}, { timeoutMs: GOODBYE_TIMEOUT_MS });
    await goodbye.catch(() => this.beaconGoodbye());
  }

  /** The page may be gone in a moment: the browser delivers the goodbye. */
  beaconGoodbye(): void {
    const { ticket } = this.#memory;
    if (ticket && this.#ready) this.#environment.page.beacon(this.#route.goodbyeUrl, JSON.stringify(ticket));
  }

  /** @throws RequestError `disconnected` also where the token has run out: the next line brings a new one */
  async request<T extends RequestType>(
    type: T,
    data: RequestData<T>,
    patience: Partial<Patience<T>> = {},
  ): Promise<ReplyData<T>> {
    const line = this.#attempt;
    if (!this.#socket) throw withoutLine(type);
    try {
      return await this.#socket.request(type, data, { timeoutMs: REQUEST_TIMEOUT_MS, ...patience });
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== "unauthorized") throw error;
      // The service closes after saying so.
      line?.end({ kind: "retry", cause: "unauthorized" });
      throw withoutLine(type, error);
    }
  }

  ping(visibility?: Visibility): void {
    this.#declare(visibility);
    this.#heartbeat.beat(visibility);
  }

  /** The page may have slept: is the line alive, and if it is down, must the next attempt wait? */
  wake(visibility?: Visibility): void {
    if (this.#comeback.hurry()) return;
    this.#declare(visibility);
    this.#heartbeat.wake(visibility);
  }

  /** Another node has the room that is wanted. The session there is a new one. `false`: redirected too often. */
  redirect(url: string): boolean {
    if (!this.#route.follow(url)) return false;
    this.request("beforeDisconnect", {}).catch(() => {});
    this.#memory.forgetSession();
    this.#attempt?.end({ kind: "retry", cause: "redirected" });
    return true;
  }

  /** What was looked for is here: the next redirects count from the beginning. */
  arrived(): void {
    this.#route.arrived();
  }

  #declare(visibility: Visibility | undefined): void {
    if (this.#socket && visibility) this.#declared = visibility;
  }

  #connect(): void {
    const line = new Attempt(this.#environment, this.#greeter, {
      welcomed: (reply, wire) => this.#welcomed(reply, wire),
      heard: (message) => this.#heard(message),
      ended: (end) => this.#ended(end),
    });
    this.#attempt = line;
    void line.open(this.#route.socketUrl);
  }

  #welcomed(reply: ReplyData<"hello">, wire: Socket): void {
    const now = this.#environment.timers.now();
    const silentMs = now - this.#heardAt;
    this.#socket = wire;
    this.#memory.keepTicket(reply);
    this.#heardAt = now;
    this.#comeback.reset();
    this.#heartbeat.start(reply.heartbeat.intervalMs);
    this.#enter({ state: "connected", reason: undefined });
    this.events.emit("greeted", { reply, silentMs });
    const { visibility } = this.#environment.page;
    if (visibility === "hidden" || this.#declared !== "visible") this.ping(visibility);
  }

  #heard(message: Message): void {
    this.#heardAt = this.#environment.timers.now();
    switch (message.kind) {
      case "probe":
        return this.#heartbeat.beat();
      case "pong":
        return this.events.emit("pong", { version: message.version, rttMs: this.#heartbeat.answered() });
      case "event":
        return this.#told(message.event);
    }
  }

  #told(event: ServiceEvent): void {
    if (event.type === "server_closing") this.#comeback.tell(event.data.reconnectAfterMs);
    // A ping that was one message too many has this for its answer.
    if (event.type === "error" && event.data.type === "ping") this.#heartbeat.answered();
    this.events.emit("event", event);
  }

  #ended(end: AttemptEnd): void {
    this.#heartbeat.stop();
    this.#attempt = this.#socket = undefined;
    if (end.kind === "stop") this.close(end.reason);
    else if (end.kind === "redirected") this.#retry(this.#route.follow(end.url) ? "redirected" : "hello_failed");
    else if (end.cause === "unauthorized" && !this.#greeter.tokenRefused()) this.close("unauthorized");
    else this.#retry(end.cause, "retryAfterMs" in end ? end.retryAfterMs : undefined);
  }

  #retry(cause: ReconnectCause, retryAfterMs?: number): void {
    if (cause === "expired") {
      this.#heardAt = -Infinity;
      this.#memory.forgetSession();
    }
    if (this.#state === "connected") {
      this.#enter({ state: "reconnecting", reason: cause });
      // A listener may have stopped the client.
      if (this.state === "disconnected") return;
    }
    if (cause === "redirected") this.#comeback.tell(0);
    // The service knows better than any back-off when it makes sense to come again; not all at once, though.
    if (retryAfterMs !== undefined) {
      this.#comeback.tell(Math.round(retryAfterMs * (0.5 + this.#environment.random() / 2)));
    }
    // A node that does not answer is not the only one that can be asked.
    if (cause === "connect_failed") this.#route.home();
    const retry = this.#comeback.schedule(cause, this.#environment.page.visibility === "hidden");
    if (retry) this.events.emit("retry", retry);
    else this.close("gave_up");
  }

  #enter(next: StateAndReason): void {
    const previous = this.#state;
    if (previous === next.state) return;
    this.#state = next.state;
    this.events.emit("state", { ...next, previous });
  }
}

function withoutLine(type: RequestType, cause?: RequestError): RequestError {
  return new RequestError("disconnected", `There is no connection to the service for ${type}.`, { cause });
}
