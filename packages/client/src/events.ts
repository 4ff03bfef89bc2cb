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
import type { Retry } from "./reconnect-timer.js";
import type { StateChange } from "./connection-state.js";
import type { RequestError } from "./request-error.js";

/** The session as the service knows it, from the answer to the last hello or join. */
export type SessionInfo = Pick<
  ReplyData<"hello">,
  "sessionId" | "epoch" | "resumed" | "user" | "nodeId" | "heartbeat" | "call"
>;

/**
 * How the session came into the room: `joined` because the application asked, `resumed` with the session after a reload or
 * a lost connection, `rejoined` by the client itself because the session before was gone.
 */
export type JoinedHow = "joined" | "resumed" | "rejoined";

/** The room as this client knows it. While there is `next`, the client still asks for the rest of `participants`. */
export type RoomState = RoomSnapshot & {
  /** Everybody in the room, the audience included. */
  readonly count: number;
  /** How many of them are audience: counted and not in `participants`. */
  readonly audience: number;
};

export interface JoinedRoom {
  readonly room: RoomState;
  readonly how: JoinedHow;
  /** Until now the participant belonged to another tab or device. */
  readonly transferred: boolean;
  /** mediasoup's `RtpCapabilities` of the room; `null` without a media plane. */
  readonly routerRtpCapabilities: JsonObject | null;
}

export interface LeftRoom {
  readonly roomId: string;
  /** `rejoin_failed`: the session was lost and the room did not take the new one; `error` says why. */
  readonly reason: LeaveReason | "transferred" | "rejoin_failed";
  readonly error?: RequestError;
}

export interface RosterChange {
  readonly room: RoomState;
  /** The event that changed it; `snapshot` when the whole roster was replaced, or a page of it has come. */
  readonly cause: EventType | "snapshot";
  /** Participants who were not in the roster before. */
  readonly added: readonly Participant[];
  /** Participants who are not in the roster any more. */
  readonly removed: readonly Participant[];
}

/** Another tab of this browser in which the same user is in a room. A hint: the service decides who owns a session. */
export interface OtherTab {
  readonly tabId: string;
  readonly roomId: string;
}

/**
 * Why a call is over: the reason from the service, the action here (`declined`, `cancelled`, `hangup`), or `lost` when it
 * is over and the reason is unknown.
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
  /** Set when the call is over. */
  readonly reason?: CallOverReason;
}

/** The client's own events. */
export interface OwnEvents {
  /** The connection's state has changed. */
  state: StateChange;
  /** The client tries to connect in `delayMs`. */
  retry: Retry;
  /** The service answered a hello. */
  session: SessionInfo;
  joined: JoinedRoom;
  left: LeftRoom;
  /** A participant came, left or changed. A list of participants needs no other event. */
  roster: RosterChange;
  /** A ping was answered after `rttMs`. */
  heartbeat: { rttMs: number };
  /** The user's other tabs in rooms, whenever they change. */
  tabs: readonly OtherTab[];
  /** The call starts to ring, is answered, or is over. A call screen needs no other event. */
  call: CallChange;
  /** The statuses of the watched users, after each change. */
  statuses: ReadonlyMap<string, UserStatus>;
}

/** All events: those of the client, and those of the service under their protocol names. */
export type ClientEvents = OwnEvents & { [T in EventType]: EventData<T> };
