import type {
  CallSnapshot,
  EventData,
  EventType,
  JsonObject,
  LeaveReason,
  Participant,
  ReplyData,
  RoomSnapshot,
  UserStatus,
} from "@lastseen/protocol";
import type { Retry } from "./comeback.js";
import type { StateChange } from "./connection-state.js";
import type { RequestError } from "./request-error.js";

/** Who this client is to the service, as its last hello or join told it. */
export type SessionInfo = Pick<
  ReplyData<"hello">,
  "sessionId" | "epoch" | "resumed" | "user" | "nodeId" | "heartbeat" | "call"
>;

/**
 * How one came to be in the room: `joined` by asking for it, `resumed` with the session after a reload or a lost line,
 * `rejoined` by the client itself because the session before was gone.
 */
export type JoinedHow = "joined" | "resumed" | "rejoined";

export interface JoinedRoom {
  readonly room: RoomSnapshot;
  readonly how: JoinedHow;
  /** The participant was another tab's or device's until now. */
  readonly transferred: boolean;
  /** mediasoup's `RtpCapabilities` of the room; `null` without a media plane. */
  readonly routerRtpCapabilities: JsonObject | null;
}

export interface LeftRoom {
  readonly roomId: string;
  /** `rejoin_failed`: the session was lost and the room could not be entered again; `error` says why. */
  readonly reason: LeaveReason | "transferred" | "rejoin_failed";
  readonly error?: RequestError;
}

export interface RosterChange {
  readonly room: RoomSnapshot;
  /** The event that changed it; `snapshot` when the whole roster was replaced. */
  readonly cause: EventType | "snapshot";
  /** Who is in this roster and was not in the one before. */
  readonly added: readonly Participant[];
  /** Who was in the roster before and is not in this one. */
  readonly removed: readonly Participant[];
}

/** Another tab of this browser in which the same user is in a room. A hint: the service decides who owns a session. */
export interface OtherTab {
  readonly tabId: string;
  readonly roomId: string;
}

/**
 * Why a call is over: what the service said, what was asked for here (`declined`, `cancelled`, `hangup`), or `lost` when
 * it is over and nobody said why.
 */
export type CallOverReason =
  | "declined"
  | "cancelled"
  | "timeout"
  | "lost"
  | EventData<"call_declined">["reason"]
  | EventData<"call_cancelled">["reason"]
  | EventData<"call_ended">["reason"];

export interface CallChange {
  /** The call as it is now; undefined when it is over. */
  readonly call: CallSnapshot | undefined;
  readonly previous: CallSnapshot | undefined;
  /** Of a call that is over. */
  readonly reason?: CallOverReason;
}

/** The client's own events. */
export interface OwnEvents {
  /** The connection's state has changed. */
  state: StateChange;
  /** The next attempt to connect is made in `delayMs`. */
  retry: Retry;
  /** The service answered a hello. */
  session: SessionInfo;
  joined: JoinedRoom;
  left: LeftRoom;
  /** Somebody came, went or changed. The one event that a list of people needs. */
  roster: RosterChange;
  /** A ping was answered after `rttMs`. */
  heartbeat: { rttMs: number };
  /** The user's other tabs in rooms, whenever they change. */
  tabs: readonly OtherTab[];
  /** The one call of this client begins to ring, is answered, or is over. All that a call screen needs. */
  call: CallChange;
  /** Statuses of the users that are watched, after each change. */
  statuses: ReadonlyMap<string, UserStatus>;
}

/** All events: the client's own and, by their names on the wire, the service's. */
export type ClientEvents = OwnEvents & { [T in EventType]: EventData<T> };
