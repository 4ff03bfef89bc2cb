/**
 * Keeps the connection to the service: one socket at a time, a hello on each, the heartbeat, and new attempts when the
 * socket ends. Other parts handle what the frames mean.
 *
 *     disconnected --open()--> connecting --hello answered--> connected --socket ends--> reconnecting --hello--> connected
 *          ^                    |      ^                          |                        |       ^
 *          |                    +retry-+                          |                        +-retry-+
 *          +---------------- close(), a close code that says stop, or the policy gives up ---------+
 */
import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import type { AttemptEnd } from "./attempt.js";
import { Attempts } from "./attempts.js";
import type { ConnectionEvents } from "./connection-events.js";
import type { ConnectionState, DisconnectReason, ReconnectCause, StateAndReason } from "./connection-state.js";
import { Emitter } from "./emitter.js";
import type { Environment } from "./environment.js";
import { Failures } from "./failures.js";
import type { Message, ServiceEvent } from "./frame.js";
import { Greeter, type GreeterOptions } from "./greeter.js";
import { Heartbeat, NEW_NETWORK_PONG_MS, type Visibility } from "./heartbeat.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";
import { ReconnectTimer } from "./reconnect-timer.js";
import { RequestError, wasDisconnected } from "./request-error.js";
import { Route } from "./route.js";
import type { TabMemory } from "./tab-memory.js";
import type { Patience, Socket } from "./socket.js";
import type { Trouble } from "./trouble.js";

export interface ConnectionOptions extends GreeterOptions {
  readonly url: string;
  readonly policy: ReconnectPolicy;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** How long `disconnect()` waits for the answer to `beforeDisconnect`. */
const GOODBYE_TIMEOUT_MS = 1_000;

export class Connection {
  readonly events = new Emitter<ConnectionEvents>();
  readonly #environment: Environment;
  readonly #memory: TabMemory;
  readonly #greeter: Greeter;
  readonly #heartbeat: Heartbeat;
  readonly #reconnect: ReconnectTimer;
  readonly #route: Route;
  readonly #attempts: Attempts;
  readonly #failures = new Failures();
  #state: ConnectionState = "disconnected";
  /** The socket of the present attempt, once the service has answered its hello. */
  #socket: Socket | undefined;
  /** What the current `open` waits for. */
  #start: Promise<void> | undefined;
  /** Whether the tab's memory is known to be its own, and not that of the tab that it was duplicated from. */
  #ready = false;
  /** Whether the page is in the back/forward cache. */
  #suspended = false;
  /** The visibility that the service was told last. */
  #declared: Visibility = "visible";
  /** When the last frame came; -Infinity when the session may have ended: it has expired, or the page was in the cache. */
  #receivedAt = 0;

  constructor(environment: Environment, options: ConnectionOptions, memory: TabMemory) {
    const { timers } = environment;
    this.#environment = environment;
    this.#memory = memory;
    this.#route = new Route(options.url);
    // After too many redirects there has to be a session, so that the join can say why it fails.
    const wantedRoom = () => (this.#route.isLost ? undefined : options.wantedRoom());
    this.#greeter = new Greeter({ ...options, wantedRoom }, memory);
    this.#reconnect = new ReconnectTimer(timers, options.policy, () => this.#attempts.begin());
    this.#heartbeat = new Heartbeat(
      timers,
      (text) => this.#socket?.send(text),
      () => this.#attempts.end({ kind: "retry", cause: "pong_timeout" }),
    );
    this.#attempts = new Attempts({
      environment,
      greeter: this.#greeter,
      route: this.#route,
      reconnect: this.#reconnect,
      heartbeat: this.#heartbeat,
      listener: {
        onConnected: (reply, socket) => this.#onConnected(reply, socket),
        onMessage: (message) => this.#onMessage(message),
        onEnd: (end) => this.#onEnd(end),
      },
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Why the client has stopped; undefined while it runs, and before it starts. */
  get stopped(): RequestError | undefined {
    return this.#failures.stopped;
  }

  /** @param ready resolves when the tab's memory is known to be this tab's own */
  open(ready: Promise<void>): void {
    if (this.#state !== "disconnected") return;
    this.#failures.forget();
    this.#greeter.resetRefusals();
    this.#receivedAt = this.#environment.timers.now();
    this.#enter({ state: "connecting", reason: undefined });
    this.#begin(ready);
  }

  /**
   * The page goes into the back/forward cache, where it may stay for ever: says goodbye and gives the socket up, as a page
   * that is closed does, and waits for {@link unsuspend} without socket, timer or request.
   */
  suspend(): void {
    if (this.#state === "disconnected" || this.#suspended) return;
    this.beaconGoodbye();
    this.#release();
    this.#suspended = true;
    this.#receivedAt = -Infinity;
    if (this.#state === "connected") this.#enter({ state: "reconnecting", reason: "page_cached" });
  }

  /** The page is back: resumes the session, or begins a new one when that has gone. @param ready as for {@link open} */
  unsuspend(ready: () => Promise<void>): boolean {
    if (!this.#suspended) return false;
    this.#suspended = false;
    this.#begin(ready());
    return true;
  }

  /** Stops, and leaves no socket, timer or request behind. */
  close(reason: DisconnectReason, said?: RequestError): void {
    if (this.#state === "disconnected") return;
    const error = this.#failures.stop(reason, said);
    this.#release();
    this.#suspended = false;
    this.#route.reset();
    this.#enter({ state: "disconnected", reason, error });
  }

  /** Tells the service that the session ends, by a request or else by a beacon. Follow it with {@link close}. */
  async sayGoodbye(): Promise<void> {
    const goodbye = this.request("beforeDisconnect", {}, { timeoutMs: GOODBYE_TIMEOUT_MS });
    await goodbye.catch(() => this.beaconGoodbye());
  }

  /** Lets the browser deliver the goodbye, because the page may be gone in a moment. */
  beaconGoodbye(): void {
    const { ticket } = this.#memory;
    if (ticket && this.#ready) this.#environment.page.beacon(this.#route.goodbyeUrl, JSON.stringify(ticket));
  }

  /**
   * @throws RequestError {@link stopped} when the client has stopped; also `disconnected` when the token has expired: the client then reconnects with a new one
   */
  async request<T extends RequestType>(
    type: T,
    data: RequestData<T>,
    patience: Partial<Patience<T>> = {},
  ): Promise<ReplyData<T>> {
    const attempt = this.#attempts.current;
    if (!this.#socket) throw this.#noConnection(type);
    try {
      return await this.#socket.request(type, data, { timeoutMs: REQUEST_TIMEOUT_MS, ...patience });
    } catch (error) {
      if (wasDisconnected(error)) throw this.#noConnection(type);
      if (!(error instanceof RequestError) || error.code !== "unauthorized") throw error;
      // The service closes the socket after this answer.
      attempt?.end({ kind: "retry", cause: "unauthorized", error });
      throw this.#noConnection(type, error);
    }
  }

  ping(visibility?: Visibility): void {
    this.#declare(visibility);
    this.#heartbeat.beat(visibility);
  }

  /**
   * To be called when the page may have slept: makes a waiting attempt now, or pings and expects the pong soon.
   *
   * @param withinMs how soon
   */
  wake(visibility?: Visibility, withinMs?: number): void {
    if (this.#reconnect.runNow()) return;
    this.#declare(visibility);
    this.#heartbeat.wake(visibility, withinMs);
  }

  /** Like {@link wake}, when there is another network: an attempt that waits for an answer by the old one begins again. */
  networkChanged(): void {
    const isDialingAgain = !this.#socket && this.#attempts.beginAgain();
    if (!isDialingAgain && !this.#reconnect.runNow()) this.doubt();
  }

  /** The network is gone, or is another one: pings, and gives the socket up when the pong does not come soon. */
  doubt(): void {
    this.#heartbeat.wake(undefined, NEW_NETWORK_PONG_MS);
  }

  /** Goes to another node, which has the room, with a new session. @returns `false` after too many redirects */
  redirect(url: string): boolean {
    if (!this.#follow(url)) return false;
    this.request("beforeDisconnect", {}).catch(() => {});
    this.#memory.forgetSession();
    this.#attempts.end({ kind: "retry", cause: "redirected" });
    return true;
  }

  /** To be called when this node has the room, or the session of a client that wants no room: further redirects are counted from zero. */
  arrived(): void {
    this.#route.arrived();
  }

  /**
   * Somebody would see that this client is away, or nobody would any more. While somebody would, the service waits less long
   * for a client that is silent, and so the client has to notice earlier that its connection is dead.
   */
  setWatched(isWatched: boolean): void {
    this.#heartbeat.setWatched(isWatched);
  }

  #declare(visibility: Visibility | undefined): void {
    if (this.#socket && visibility) this.#declared = visibility;
  }

  #begin(ready: Promise<void>): void {
    this.#reconnect.start();
    this.#start = ready;
    void ready.then(() => {
      if (this.#start !== ready) return;
      this.#ready = true;
      this.#attempts.begin();
    });
  }

  /** Leaves no socket, timer or request behind. */
  #release(): void {
    this.#start = undefined;
    this.#ready = false;
    this.#reconnect.cancel();
    this.#heartbeat.stop();
    this.#attempts.close();
    this.#socket = undefined;
  }

  #onConnected(reply: ReplyData<"hello">, socket: Socket): void {
    const now = this.#environment.timers.now();
    const silentMs = now - this.#receivedAt;
    this.#socket = socket;
    this.#memory.keepTicket(reply, this.#route.httpUrl);
    this.#receivedAt = now;
    this.#attempts.succeeded();
    this.#reconnect.connected(reply.heartbeat.resumeGraceMs);
    this.#heartbeat.start(reply.heartbeat);
    this.#enter({ state: "connected", reason: undefined });
    this.events.emit("greeted", { reply, silentMs });
    const { visibility } = this.#environment.page;
    if (visibility === "hidden" || this.#declared !== "visible") this.ping(visibility);
  }

  #onMessage(message: Message): void {
    this.#receivedAt = this.#environment.timers.now();
    this.#failures.heard();
    switch (message.kind) {
      case "probe":
        return this.#heartbeat.beat();
      case "pong":
        return this.events.emit("pong", { version: message.version, rttMs: this.#heartbeat.pong(message) });
      case "event":
        return this.#onEvent(message.event);
    }
  }

  #onEvent(event: ServiceEvent): void {
    const { type, data } = event;
    if (type === "server_closing") {
      if (data.url) this.#follow(data.url);
      this.#reconnect.setNextDelay(data.reconnectAfterMs);
    }
    if (type === "error") {
      // The service answers a ping beyond its rate limit with this error instead of a pong.
      if (data.type === "ping") this.#heartbeat.pong();
      this.#failures.heard(data);
    }
    this.events.emit("event", event);
  }

  #onEnd(end: AttemptEnd): void {
    this.#heartbeat.stop();
    this.#attempts.ended();
    this.#socket = undefined;
    const lastSaid = this.#failures.takeSaid();
    const said = end.error ?? lastSaid;
    if (end.kind === "stop") this.close(said?.code === "blocked" ? "blocked" : end.reason, said);
    else if (end.kind === "redirected") this.#retry(this.#follow(end.url) ? "redirected" : "hello_failed");
    else if (end.cause === "unauthorized" && !this.#greeter.tokenRefused()) this.close("unauthorized", said);
    else this.#retry(end.cause, end.trouble ?? (said && refused(said)), end.retryAfterMs);
  }

  #follow(url: string): boolean {
    const waitMs = this.#route.follow(url, this.#environment.timers.now());
    this.#reconnect.setNextDelay(waitMs);
    return waitMs !== undefined;
  }

  #retry(cause: ReconnectCause, trouble?: Trouble, retryAfterMs?: number): void {
    const kind = this.#state === "connected" || cause === "redirected" ? "closed" : "refused";
    const why = (this.#failures.trouble = trouble ?? { kind, message: `The connection ended: ${cause}.` });
    if (cause === "expired") {
      this.#receivedAt = -Infinity;
      this.#memory.forgetSession();
    }
    if (this.#state === "connected") {
      this.#enter({ state: "reconnecting", reason: cause });
      // A listener may have stopped the client.
      if (this.state === "disconnected") return;
    }
    // The service knows best when to come back. The delay is shortened by up to a half, so that not all clients come at once.
    if (retryAfterMs !== undefined) {
      this.#reconnect.setNextDelay(Math.round(retryAfterMs * (0.5 + this.#environment.random() / 2)));
    }
    // This node may be gone, so the next attempt goes to the configured address.
    if (cause === "connect_failed") this.#route.reset();
    const retry = this.#reconnect.schedule(cause, this.#environment.page.visibility === "hidden");
    if (retry) this.events.emit("retry", { ...retry, ...why });
    else this.close("gave_up");
  }

  /** The reason why a request got no answer. */
  #noConnection(type: RequestType, cause?: RequestError): RequestError {
    return this.#failures.noConnection(type, this.#state === "disconnected", cause);
  }

  #enter(next: StateAndReason): void {
    const previous = this.#state;
    if (previous === next.state) return;
    this.#state = next.state;
    this.events.emit("state", { ...next, previous });
  }
}

function refused({ message }: RequestError): Trouble {
  return { kind: "refused", message };
}
