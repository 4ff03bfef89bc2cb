/**
 * What an application holds in its hands. It puts the parts together: the page's signals go to the {@link Link}, the
 * link's frames to the {@link Membership}, and what comes of it to the application as events.
 */
import type {
  JsonObject,
  Participant,
  ReplyData,
  RequestData,
  RequestType,
  RoomSnapshot,
} from "../protocol/messages/index.js";
import { browserEnvironment } from "./browser.js";
import { Calls } from "./calls.js";
import type { ConnectionState, DisconnectReason, StateChange } from "./connection-state.js";
import { Emitter } from "./emitter.js";
import type { Environment, PageSignal } from "./environment.js";
import type { ClientEvents, JoinedRoom, LeftRoom, SessionInfo } from "./events.js";
import { Link, type GetToken } from "./link.js";
import { Membership, type JoinOptions } from "./membership.js";
import { OtherTabs, tabLockName } from "./other-tabs.js";
import { FullJitterPolicy, type ReconnectPolicy } from "./reconnect-policy.js";
import { RequestError } from "./request-error.js";
import { TabMemory } from "./tab-memory.js";
import type { WireEvent } from "./wire.js";

export interface ConnectOptions {
  /** The service: `https://host:3001`, or the same with `wss://` or the `/ws` path. */
  readonly url: string;
  /** Returns a token for each hello; asked again with `refused` after the service did not accept one. */
  readonly getToken?: GetToken;
  /** Who one is, where the service takes everybody's word for it (authentication `none`). */
  readonly user?: { readonly id: string; readonly name?: string };
  /** This tab's id, 1–64 characters; made up and kept in the tab's storage if not given. */
  readonly tabId?: string;
  /** Named in the service's logs. */
  readonly client?: { readonly name: string; readonly version?: string };
  /** When to try again; {@link FullJitterPolicy} if not given. */
  readonly reconnectPolicy?: ReconnectPolicy;
  /** Whether the browser asks before the page is closed while in a room. Off by default. */
  readonly askBeforeClosing?: boolean;
  /** Replaces parts of the browser, such as timers and the WebSocket constructor. */
  readonly environment?: Partial<Environment>;
}

/** How long a tab waits for its own predecessor (before a reload) to let go of the tab's lock. */
const TAB_LOCK_WAIT_MS = 500;

/**
 * A user's session with the service. Made by {@link connect}; once `disconnected` it does nothing by itself and holds no
 * timer, listener or socket, until {@link LastseenClient.reconnect} is called.
 */
export class LastseenClient {
  /** Calls with other users. */
  readonly calls: Calls;
  readonly #environment: Environment;
  readonly #askBeforeClosing: boolean;
  readonly #events = new Emitter<ClientEvents>();
  readonly #memory: TabMemory;
  readonly #link: Link;
  readonly #membership: Membership;
  #session: SessionInfo | undefined;
  #activeSpeaker: string | null = null;
  #tabs: OtherTabs | undefined;
  /** Undo what was set up by {@link #start}. */
  #releasers: (() => void)[] = [];
  #allowClosing: (() => void) | undefined;
  #starts = 0;
  #disconnecting: Promise<void> | undefined;

  /** Use {@link connect}, unless the connection shall be opened later with {@link LastseenClient.reconnect}. */
  constructor(options: ConnectOptions) {
    const environment = { ...browserEnvironment, ...options.environment };
    const policy = options.reconnectPolicy ?? new FullJitterPolicy({ random: environment.random });
    this.#environment = environment;
    this.#askBeforeClosing = options.askBeforeClosing ?? false;
    this.#memory = new TabMemory(environment.storage, environment.createId, options.tabId);
    this.#link = new Link(
      environment,
      {
        url: options.url,
        getToken: options.getToken,
        user: options.user && { ...options.user },
        client: options.client ?? { name: "lastseen" },
        policy,
      },
      this.#memory,
    );
    this.#membership = new Membership({
      link: this.#link,
      memory: this.#memory,
      timers: environment.timers,
      policy,
      events: this.#events,
    });
    this.calls = new Calls({ link: this.#link, timers: environment.timers, events: this.#events });
    this.#wireUp();
  }

  get state(): ConnectionState {
    return this.#link.state;
  }

  /** Who one is to the service; `undefined` until the first hello was answered. */
  get session(): SessionInfo | undefined {
    return this.#session && { ...this.#session, ...this.#membership.identity };
  }

  /** The room one is in, with everybody in it. A new object after every change. */
  get room(): RoomSnapshot | undefined {
    return this.#membership.room;
  }

  /** Oneself in the roster. */
  get self(): Participant | undefined {
    const { sessionId } = this.#membership.identity;
    return this.room?.participants.find((participant) => participant.sessionId === sessionId);
  }

  /** The user who speaks, if anybody does. */
  get activeSpeaker(): string | null {
    return this.#activeSpeaker;
  }

  get tabId(): string {
    return this.#memory.tabId;
  }

  /** Listens to one kind of event. The returned function stops it. */
  on<K extends keyof ClientEvents>(event: K, listener: (payload: ClientEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Resolves as soon as there is a session. @throws RequestError `disconnected` when the client stops first */
  whenConnected(): Promise<SessionInfo> {
    const stopped = () => new RequestError("disconnected", "The client has stopped.");
    if (this.state === "disconnected") return Promise.reject(stopped());
    if (this.state === "connected" && this.session) return Promise.resolve(this.session);
    return new Promise((resolve, reject) => {
      const off = [
        this.on("session", (session) => settle(() => resolve(session))),
        this.on("state", ({ state }) => state === "disconnected" && settle(() => reject(stopped()))),
      ];
      const settle = (then: () => void) => {
        for (const stop of off) stop();
        then();
      };
    });
  }

  /**
   * Enters a room and stays in it through lost lines and lost sessions, until {@link leave}. Waits for the connection.
   * From another room it leaves first.
   *
   * @throws RequestError such as `room_full`, `forbidden`, `duplicate_session`; `disconnected` when the client stops first
   */
  join(roomId: string, options: JoinOptions = {}): Promise<JoinedRoom> {
    return this.#membership.join(roomId, options);
  }

  /** Leaves the room. On this side that has happened when the call returns; a line is not needed. */
  leave(): Promise<void> {
    return this.#membership.leave();
  }

  /** Replaces one's own metadata (at most 4 KiB of JSON), which the others in the room see. @throws RequestError */
  setMetadata(metadata: JsonObject): Promise<void> {
    return this.#membership.setMetadata(metadata);
  }

  /** Asks the service for the whole roster. Rarely needed: the client does so when it has missed something. */
  refresh(): Promise<RoomSnapshot> {
    return this.#membership.refresh();
  }

  /** Any request of the protocol. @throws RequestError */
  request<T extends RequestType>(type: T, data: RequestData<T>, timeoutMs?: number): Promise<ReplyData<T>> {
    return this.#link.request(type, data, timeoutMs);
  }

  /**
   * Pings now and is impatient about the answer, for whoever notices by other means that the line may be dead. The page's
   * own signals (visible, focus, online, …) do so by themselves.
   */
  checkConnection(): void {
    this.#link.wake();
  }

  /** Starts again after `disconnected`, as a new session, and goes back to the room that one was in. */
  reconnect(): void {
    if (this.state === "disconnected") this.#start();
  }

  /** Ends the session: the others are told at once. Idempotent; resolves when the service knows, or after a second. */
  disconnect(): Promise<void> {
    if (this.#disconnecting) return this.#disconnecting;
    let done = () => {};
    // Set before anything happens: a listener of `left` may call this again.
    this.#disconnecting = new Promise((resolve) => (done = resolve));
    return this.#disconnect().finally(() => {
      this.#disconnecting = undefined;
      done();
    });
  }

  async #disconnect(): Promise<void> {
    this.#membership.stop("left", false);
    if (this.state === "disconnected") return;
    await this.#link.sayGoodbye();
    this.#link.close("client_initiated");
  }

  #wireUp(): void {
    this.#link.events.on("greeted", (greeting) => {
      const { sessionId, epoch, resumed, user, nodeId, heartbeat, call } = greeting.reply;
      this.#session = { sessionId, epoch, resumed, user, nodeId, heartbeat, call };
      this.#events.emit("session", this.#session);
      this.#membership.greeted(greeting);
      this.calls.greeted(greeting.reply);
    });
    this.#link.events.on("pong", ({ version, rttMs }) => {
      if (rttMs !== undefined) this.#events.emit("heartbeat", { rttMs });
      this.#membership.pong(version);
    });
    this.#link.events.on("event", (event) => this.#serviceEvent(event));
    this.#link.events.on("retry", (retry) => this.#events.emit("retry", retry));
    this.#link.events.on("state", (change) => this.#stateChanged(change));
    this.#events.on("joined", ({ room }) => {
      this.#tabs?.announce(this.#session?.user.id ?? "", room.id);
      if (this.#askBeforeClosing) this.#allowClosing ??= this.#environment.page.askBeforeClosing();
    });
    this.#events.on("left", () => this.#outOfRoom());
  }

  #start(): void {
    this.#releasers.push(this.#environment.page.listen((signal) => this.#pageSignal(signal)));
    this.#link.open(this.#claimTab());
  }

  /** A duplicated tab comes with a copy of the memory; the lock tells which of the two is the original. */
  async #claimTab(): Promise<void> {
    const start = ++this.#starts;
    const hold = () => this.#environment.locks.hold(tabLockName(this.#memory.tabId), TAB_LOCK_WAIT_MS);
    let release = await hold();
    if (!release) {
      this.#memory.becomeAnotherTab();
      release = await hold();
    }
    if (start !== this.#starts || this.state === "disconnected") {
      release?.();
      return;
    }
    if (release) this.#releasers.push(release);
    const tabs = new OtherTabs(this.#environment, this.#memory.tabId, (others) => this.#events.emit("tabs", others));
    this.#tabs = tabs;
    this.#releasers.push(() => tabs.close());
  }

  /** Nothing of the client is left on the page after this. */
  #release(): void {
    for (const release of this.#releasers.splice(0)) release();
    this.#tabs = undefined;
  }

  #stateChanged(change: StateChange): void {
    if (change.state === "disconnected") {
      const reason = change.reason as DisconnectReason;
      // A session that somebody else has, or that was ended, must not be asked for again.
      if (reason !== "gave_up") this.#memory.forgetSession();
      this.#membership.stop(LEFT_REASONS[reason] ?? "disconnected", reason !== "client_initiated");
      this.calls.stop();
      this.#release();
    }
    this.#events.emit("state", change);
  }

  #serviceEvent(event: WireEvent): void {
    if (event.type === "active_speaker") {
      this.#activeSpeaker = (event.data as { userId: string | null }).userId;
    }
    this.#membership.event(event);
    this.calls.event(event);
    this.#events.emit(event.type as keyof ClientEvents, event.data as never);
  }

  #pageSignal(signal: PageSignal): void {
    switch (signal.kind) {
      case "visible":
        return this.#link.wake("visible");
      case "hidden":
      case "frozen":
        return this.#link.ping(signal.kind);
      case "wake":
        return this.#link.wake(signal.cause === "resume" ? this.#environment.page.visibility : undefined);
      case "hide":
        if (signal.persisted) this.#link.ping("frozen");
        else this.#link.beaconGoodbye();
    }
  }

  #outOfRoom(): void {
    this.#activeSpeaker = null;
    this.#tabs?.announce(this.#session?.user.id ?? "", null);
    this.#allowClosing?.();
    this.#allowClosing = undefined;
  }
}

const LEFT_REASONS: Partial<Record<DisconnectReason, LeftRoom["reason"]>> = {
  client_initiated: "left",
  transferred: "transferred",
  kicked: "kicked",
};

/** Connects to a Lastseen service. Events can be listened to as soon as this returns. */
export function connect(options: ConnectOptions): LastseenClient {
  const client = new LastseenClient(options);
  client.reconnect();
  return client;
}
