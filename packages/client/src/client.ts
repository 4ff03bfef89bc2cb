/**
 * The object that an application works with. It connects the parts: the page's signals go to the {@link Connection}, the
 * connection's messages to the {@link Membership} and the {@link Calls}, and their results to the application as events.
 */
import type { JsonObject, Participant, ReplyData, RequestData, RequestType, RoomSnapshot } from "@lastseen/protocol";
import { browserEnvironment } from "./browser.js";
import { Calls } from "./calls.js";
import type { ConnectionState, DisconnectReason, StateChange } from "./connection-state.js";
import { Emitter } from "./emitter.js";
import type { ClientEvents, JoinedRoom, LeftRoom, RoomState, SessionInfo } from "./events.js";
import type { ServiceEvent } from "./frame.js";
import { Connection } from "./connection.js";
import { Membership } from "./membership.js";
import { checkOptions, type ConnectOptions } from "./options.js";
import { PageWatch } from "./page-watch.js";
import { FullJitterPolicy } from "./reconnect-policy.js";
import type { RequestError } from "./request-error.js";
import type { JoinOptions } from "./room-wish.js";
import { TabClaim } from "./tab-claim.js";
import { TabMemory } from "./tab-memory.js";
import { stopError, type RetryKind } from "./trouble.js";
import { whenConnected } from "./when-connected.js";

/** How long the pong may take when the application has a reason to think that the connection is dead. */
const CHECK_PONG_MS = 2_000;

/**
 * A user's session with the service, made by {@link connect}. When it is `disconnected`, it does nothing by itself and
 * has no timer, listener or socket, until {@link LastseenClient.reconnect} is called.
 */
export class LastseenClient {
  /** Calls with other users. */
  readonly calls: Calls;
  readonly #events = new Emitter<ClientEvents>();
  readonly #memory: TabMemory;
  readonly #connection: Connection;
  readonly #membership: Membership;
  readonly #tab: TabClaim;
  readonly #page: PageWatch;
  readonly #log: (line: string) => void;
  /** Each kind of trouble is logged once. */
  readonly #logged = new Set<RetryKind>();
  #session: SessionInfo | undefined;
  #disconnecting: Promise<void> | undefined;

  /**
   * Use {@link connect}, or open the connection later with {@link LastseenClient.reconnect}.
   *
   * @throws RequestError `bad_message` when an option is wrong
   */
  constructor(options: ConnectOptions) {
    // oxlint-disable-next-line no-console -- the page's author looks here first; `log` replaces it
    const { log = (line: string) => console.warn(line) } = options;
    this.#log = (line) => log && log(`Lastseen: ${line}`);
    for (const name of checkOptions(options)) this.#log(`connect() has no option "${name}".`);
    const { transport } = options;
    const environment = {
      ...browserEnvironment,
      ...options.environment,
      // Nothing at `url` says whether the transport works.
      ...(transport && { openSocket: transport, fetch: undefined }),
    };
    const policy = options.reconnectPolicy ?? new FullJitterPolicy({ random: environment.random });
    const owner = `${options.url} ${options.user?.id ?? ""}`;
    this.#memory = new TabMemory(environment.storage, environment, owner, options.tabId);
    this.#connection = new Connection(
      environment,
      {
        url: options.url,
        getToken: options.getToken,
        user: options.user && { ...options.user },
        client: options.client ?? { name: "lastseen" },
        wantedRoom: () => this.#membership.wanted,
        policy,
      },
      this.#memory,
    );
    this.#membership = new Membership({
      connection: this.#connection,
      memory: this.#memory,
      timers: environment.timers,
      policy,
      events: this.#events,
      onTransferred: () => this.calls.transferred(),
    });
    this.#tab = new TabClaim(environment, this.#memory, this.#events);
    const watched = { connection: this.#connection, tab: this.#tab, events: this.#events };
    this.#page = new PageWatch(environment.page, watched, options.askBeforeClosing ?? false);
    this.calls = new Calls({ connection: this.#connection, timers: environment.timers, events: this.#events });
    this.#connectParts();
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** The session as the service knows it; `undefined` until the first hello is answered. */
  get session(): SessionInfo | undefined {
    return this.#session && { ...this.#session, ...this.#membership.identity };
  }

  /** Why the client has stopped; every call rejects with it. `undefined` while it runs, and before it starts. */
  get stopError(): RequestError | undefined {
    return this.#connection.stopped;
  }

  /** mediasoup's `RtpCapabilities` of the room; `null` without a room, or when the room has no media. */
  get routerRtpCapabilities(): JsonObject | null {
    return this.#membership.capabilities;
  }

  /** The room that the session is in, with its participants. A new object after every change. */
  get room(): RoomState | undefined {
    return this.#membership.room;
  }

  /** This session in the roster; `undefined` for audience. */
  get self(): Participant | undefined {
    const { sessionId } = this.#membership.identity;
    return this.room?.participants.find((participant) => participant.sessionId === sessionId);
  }

  /** Id of the user who speaks, or null. */
  get activeSpeaker(): string | null {
    return this.#membership.activeSpeaker;
  }

  get tabId(): string {
    return this.#memory.tabId;
  }

  /** Adds a listener for one event. @returns a function that removes it */
  on<K extends keyof ClientEvents>(event: K, listener: (payload: ClientEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Resolves as soon as there is a session. @throws RequestError {@link stopError} when the client stops first */
  whenConnected(): Promise<SessionInfo> {
    return whenConnected(this);
  }

  /**
   * Enters a room and stays in it, through lost connections and lost sessions, until {@link leave}. Waits for the
   * connection. Leaves another room first.
   *
   * @throws RequestError such as `room_full`, `forbidden`, `duplicate_session`; `bad_message` at once for a wrong room id or
   *   metadata; {@link stopError} when the client has stopped or stops first
   */
  join(roomId: string, options: JoinOptions = {}): Promise<JoinedRoom> {
    return this.#membership.join(roomId, options);
  }

  /**
   * For what publishes media of its own; `createMedia` does it by itself. When a join takes the session over from another tab,
   * the others go on hearing and seeing that tab until this one sends the same sources.
   *
   * @param sources gives what this page will send as soon as it has joined, by its `source`
   * @returns a function that takes it back
   */
  willPublish(sources: () => string[]): () => void {
    return this.#membership.willPublish(sources);
  }

  /** Leaves the room: on this side at once, even without a connection. */
  leave(): Promise<void> {
    return this.#membership.leave();
  }

  /** Replaces the metadata (at most 4 KiB of JSON) that the others in the room see. @throws RequestError */
  setMetadata(metadata: JsonObject): Promise<void> {
    return this.#membership.setMetadata(metadata);
  }

  /** Asks the service for the whole roster. The client does so by itself when it has missed an event. */
  refresh(): Promise<RoomSnapshot> {
    return this.#membership.refresh();
  }

  /** Sends any request of the protocol. @throws RequestError */
  async request<T extends RequestType>(type: T, data: RequestData<T>, timeoutMs?: number): Promise<ReplyData<T>> {
    const reply = await this.#connection.request(type, data, timeoutMs === undefined ? {} : { timeoutMs });
    this.#membership.answered(type, data, reply);
    return reply;
  }

  /**
   * Pings now and waits at most 2 s for the answer, or longer where answers took long. For applications that notice by other means that the connection may be
   * dead; the page's signals (visible, focus, online, …) have the same effect.
   */
  checkConnection(): void {
    this.#connection.wake(undefined, CHECK_PONG_MS);
  }

  /** Starts a new session after `disconnected`, and goes back to the room. */
  reconnect(): void {
    if (this.state !== "disconnected") return;
    this.#memory.useAgain();
    this.#page.start();
    this.#connection.open(this.#tab.claim());
  }

  /** Ends the session, which the others see at once. Idempotent; resolves when the service has answered, or after 1 s. */
  disconnect(): Promise<void> {
    if (this.#disconnecting) return this.#disconnecting;
    let done = () => {};
    // Set first, because a listener of `left` may call this method again.
    this.#disconnecting = new Promise((resolve) => (done = resolve));
    return this.#disconnect().finally(() => {
      this.#disconnecting = undefined;
      done();
    });
  }

  async #disconnect(): Promise<void> {
    this.#membership.stop("left", false, stopError("client_initiated"));
    if (this.state === "disconnected") return;
    await this.#connection.sayGoodbye();
    this.#connection.close("client_initiated");
  }

  #connectParts(): void {
    this.#connection.events.on("greeted", (greeting) => {
      const { sessionId, epoch, resumed, user, nodeId, heartbeat, call } = greeting.reply;
      this.#session = { sessionId, epoch, resumed, user, nodeId, heartbeat, call };
      this.#events.emit("session", this.#session);
      this.#membership.greeted(greeting);
      this.calls.greeted(greeting.reply);
    });
    this.#connection.events.on("pong", ({ version, rttMs }) => {
      if (rttMs !== undefined) this.#events.emit("heartbeat", { rttMs });
      this.#membership.pong(version);
    });
    this.#connection.events.on("event", (event) => this.#onServiceEvent(event));
    this.#connection.events.on("retry", (retry) => {
      if (retry.kind !== "closed" && !this.#logged.has(retry.kind)) this.#log(retry.message);
      this.#logged.add(retry.kind);
      this.#events.emit("retry", retry);
    });
    this.#connection.events.on("state", (change) => this.#stateChanged(change));
    for (const change of ["joined", "roster", "left", "call"] as const) {
      this.#events.on(change, () => this.#connection.setWatched(this.#isWatched));
    }
  }

  /** Whether others would see that this client is away. */
  get #isWatched(): boolean {
    const { room } = this;
    return this.calls.current !== undefined || (room !== undefined && room.role !== "audience" && room.count > 1);
  }

  #stateChanged(change: StateChange): void {
    if (change.state === "disconnected") {
      const { reason, error } = change;
      // Another tab has the session, or it has ended: the client must not resume it.
      if (reason !== "gave_up") this.#memory.forgetSession();
      this.#memory.release();
      this.#membership.stop(LEFT_REASONS[reason] ?? "disconnected", reason !== "client_initiated", error);
      this.calls.stop();
      this.#page.stop();
      this.#tab.release();
    }
    this.#events.emit("state", change);
  }

  #onServiceEvent(event: ServiceEvent): void {
    this.#membership.event(event);
    this.calls.event(event);
    this.#events.emit(event.type, event.data);
  }
}

const LEFT_REASONS: Partial<Record<DisconnectReason, LeftRoom["reason"]>> = {
  client_initiated: "left",
  transferred: "transferred",
  kicked: "kicked",
};

/**
 * Connects to a Lastseen service. Returns at once; add listeners right after it.
 *
 * @throws RequestError `bad_message` when an option is wrong; the message names the option
 */
export function connect(options: ConnectOptions): LastseenClient {
  const client = new LastseenClient(options);
  client.reconnect();
  return client;
}
