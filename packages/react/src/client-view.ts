/** What React reads of a client. There is one view for each client, and it lives as long as the client. */
import type {
  CallChange,
  ConnectionState,
  LastseenClient,
  RequestError,
  Retry,
  RoomSnapshot,
  SessionInfo,
  StateChange,
  UserStatus,
} from "@lastseen/client";
import { RoomWishes } from "./room-wishes.js";
import { StatusWishes } from "./status-wishes.js";
import { Store } from "./store.js";

/** The connection as it is now. */
export interface ConnectionInfo {
  /** `connecting` also before the client starts. */
  readonly state: ConnectionState;
  /** Why the state is `reconnecting` or `disconnected`. */
  readonly reason: StateChange["reason"];
  /** What the service said when the state is `disconnected`. */
  readonly error: RequestError | undefined;
  /** The next attempt, and what was wrong with the one before; `undefined` while connected. */
  readonly retry: Retry | undefined;
  readonly session: SessionInfo | undefined;
}

/** The last call that is over, and why. */
export type CallOver = Pick<CallChange, "previous" | "reason">;

const views = new WeakMap<LastseenClient, ClientView>();

export class ClientView {
  readonly connection: Store<ConnectionInfo>;
  readonly room: Store<RoomSnapshot | undefined>;
  readonly activeSpeaker: Store<string | null>;
  readonly call: Store<{ call: CallChange["call"]; over: CallOver | undefined }>;
  readonly statuses: Store<ReadonlyMap<string, UserStatus>>;
  readonly roomWishes: RoomWishes;
  readonly statusWishes: StatusWishes;

  static of(client: LastseenClient): ClientView {
    let view = views.get(client);
    if (!view) views.set(client, (view = new ClientView(client)));
    return view;
  }

  private constructor(client: LastseenClient) {
    this.connection = new Store(connectionOf(client));
    this.room = new Store(client.room);
    this.activeSpeaker = new Store(client.activeSpeaker);
    this.call = new Store<{ call: CallChange["call"]; over: CallOver | undefined }>({
      call: client.calls.current,
      over: undefined,
    });
    this.statuses = new Store<ReadonlyMap<string, UserStatus>>(new Map(client.calls.statuses));
    this.roomWishes = new RoomWishes(client);
    this.statusWishes = new StatusWishes(client, () => this.statuses.set(new Map(client.calls.statuses)));
    this.#listen(client);
  }

  #listen(client: LastseenClient): void {
    const change = (changes: Partial<ConnectionInfo>) => this.connection.set({ ...this.connection.get(), ...changes });
    client.on("state", (next) => {
      const { state, reason } = next;
      const error = state === "disconnected" ? next.error : undefined;
      change({ state, reason, error, retry: undefined, session: client.session });
      // A client that has stopped follows nobody.
      if (error) this.statuses.set(new Map());
    });
    client.on("retry", (retry) => change({ retry }));
    const takeRoom = () => {
      this.room.set(client.room);
      // A transfer gives this tab the session of another one.
      if (client.session?.sessionId !== this.connection.get().session?.sessionId) change({ session: client.session });
    };
    client.on("session", () => change({ session: client.session }));
    for (const event of ["joined", "roster", "left"] as const) client.on(event, takeRoom);
    for (const event of ["active_speaker", "left", "roster"] as const)
      client.on(event, () => this.activeSpeaker.set(client.activeSpeaker));
    client.on("call", ({ call, previous, reason }) =>
      this.call.set({ call, over: call ? undefined : { previous, ...(reason && { reason }) } }),
    );
    client.on("statuses", (statuses) => this.statuses.set(new Map(statuses)));
  }
}

function connectionOf(client: LastseenClient): ConnectionInfo {
  const { state, stopError: error, session } = client;
  const hasNotStarted = state === "disconnected" && !error;
  return {
    state: hasNotStarted ? "connecting" : state,
    reason: error?.data?.["stopped"] as StateChange["reason"],
    error,
    retry: undefined,
    session,
  };
}
