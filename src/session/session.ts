import {
  type EvidenceReport,
  type JsonObject,
  LastseenError,
  type PresenceState,
  type RoomRole,
} from "@lastseen/protocol";
import { firstEvidence, forgetEnd, type Evidence } from "./evidence.js";
import { ExpiryEntry } from "../kernel/expiry-list.js";
import type { SessionMedia, TabChange } from "../ports/media-plane.js";
import type { SessionConnection } from "./session-connection.js";
import { ReplyBudget } from "./reply-budget.js";
import type { ResumeToken } from "./resume-token.js";
import type { Verdict } from "./verdict.js";

const NO_METADATA: JsonObject = Object.freeze({});

/** Who the user is, as the authentication found it. */
export interface Identity {
  userId: string;
  name: string;
  /** Rooms that the token allows; undefined: all. */
  rooms: readonly string[] | undefined;
  /** Whether the user may call other users and watch their statuses. Without a claim: only if the token names no rooms. */
  calls: boolean;
  /** What the user is in rooms. Undefined: what the client asks for, as far as the room lists more participants. */
  roomRole?: RoomRole | undefined;
  /** When the token runs out, epoch milliseconds; `Infinity` without one. */
  expiresAt: number;
}

/** What a session needs of its room to answer a ping. */
export interface Roster {
  readonly id: string;
  /** Grows whenever the room gets another home. Orders what several nodes tell the backend about the room. */
  readonly epoch: number;
  /** Grows by one with every change that the others are told. */
  readonly version: number;
  /** The encoded pong for the present version. */
  readonly pong: Buffer;
}

/** A session's stay in a room. A join makes it, a leave removes it; it is never used again. */
export interface Participation {
  readonly roster: Roster;
  readonly media: SessionMedia;
  /** Epoch milliseconds. */
  readonly joinedAt: number;
  /** The role that the token or the client has chosen. Undefined: the room chooses, and may choose again. */
  readonly chosenRole: RoomRole | undefined;
  /** What the session is now. Only `Rooms` changes it. */
  role: RoomRole;
  /** Its place in the list of the room; 0 while it is not in it. Only `Room` changes it. */
  place: number;
}

/** Why the client cannot go on using any of the media that it had before a resume. */
export type MediaReset = "page_reloaded" | "node_lost";

/** A resume whose answer the client may not have received. */
export interface UnheardResume {
  /** The token that the client resumed with. */
  readonly token: ResumeToken;
  /** What the answer said about the client's media. */
  readonly mediaReset: MediaReset | undefined;
}

/**
 * The tab that owned the session until another tab took it over. Its media goes on until the new tab sends the same. It is told
 * then, and gets the session back if the new tab's connection ends before that.
 */
export interface TabBefore {
  readonly connection: SessionConnection;
  readonly tabId: string;
  readonly identity: Identity;
  readonly resumeToken: ResumeToken;
  readonly media: TabChange;
}

/** The last verdict of a session that has ended, with the evidence that it rests on. */
export interface Conclusion {
  readonly verdict: Verdict;
  readonly evidence: EvidenceReport;
}

/**
 * One user's presence on one tab or device. It outlives sockets and belongs to at most one room.
 *
 *     open (attached <-> detached) --claim()--> closing --markEnded()--> ended
 *
 * A claim is irreversible: a session that is closing never gets a connection, joins a room or is judged again.
 */
export class Session {
  readonly id: string;
  readonly userId: string;
  /** What others see. {@link Sessions} keeps it the newest name of the user. */
  name: string;
  /** The tab that owns the session; changes with a transfer. */
  tabId: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  /** What the user's token allows and until when. A resume brings a new token. */
  identity: Identity;
  readonly evidence: Evidence;
  readonly expiry: ExpiryEntry<Session> = new ExpiryEntry<Session>(this);
  /** `evidence.lastSeen` on the monotonic clock, whole milliseconds, for reports. Decisions use virtual time. */
  lastSeenMono: number;
  /** The last verdict; `undefined` until the first. */
  verdict: Verdict | undefined = undefined;
  /** Set when the session ends. */
  conclusion: Conclusion | undefined = undefined;
  /** What the others in the room were last told. */
  shown: PresenceState = "present";
  /** Whether somebody would see that the session is away; see {@link ProbePace}. */
  isWatched = false;
  /** When {@link isWatched} changed last, monotonic milliseconds. */
  watchedSinceMono = 0;
  /** When it was shown as away although it had answered everything, virtual milliseconds; undefined: not so. */
  falseAwayFrom: number | undefined = undefined;
  /** The service replaces the whole object and never changes it. */
  metadata: JsonObject = NO_METADATA;
  /** What the session may cause the service to send. */
  readonly replies: ReplyBudget = new ReplyBudget();
  connection: SessionConnection | undefined;
  participation: Participation | undefined = undefined;
  /** Set while a tab change goes on. Only {@link Sessions} sets it. */
  tabBefore: TabBefore | undefined = undefined;
  #status: "open" | "closing" | "ended" = "open";
  #epoch: number;
  #resumeToken: ResumeToken;
  #unheardResume: UnheardResume | undefined = undefined;

  /** @param options `now` in virtual, `mono` in monotonic, `openedAt` in epoch milliseconds */
  constructor(options: {
    id: string;
    identity: Identity;
    tabId: string;
    openedAt: number;
    now: number;
    mono: number;
    epoch: number;
    connection: SessionConnection | undefined;
    resumeToken: ResumeToken;
  }) {
    this.id = options.id;
    this.userId = options.identity.userId;
    this.name = options.identity.name;
    this.identity = options.identity;
    this.tabId = options.tabId;
    this.openedAt = options.openedAt;
    this.lastSeenMono = Math.floor(options.mono);
    this.connection = options.connection;
    this.#epoch = options.epoch;
    this.#resumeToken = options.resumeToken;
    this.evidence = firstEvidence(options.now);
  }

  get status(): "open" | "closing" | "ended" {
    return this.#status;
  }

  /** Fencing token: grows with every change of the owner. */
  get epoch(): number {
    return this.#epoch;
  }

  get resumeToken(): ResumeToken {
    return this.#resumeToken;
  }

  /**
   * Whether another node began the session and its client has not connected to this node yet. The media that its client
   * knows was that node's.
   */
  get isAdopted(): boolean {
    return this.#resumeToken.text === undefined;
  }

  /** Whether this connection may still act for the session. */
  isOwnedBy(connection: SessionConnection): boolean {
    return this.#status === "open" && this.connection === connection;
  }

  /** Whether the connection has lost the session to another tab and does not know it yet. */
  isTabBefore(connection: SessionConnection): boolean {
    return this.tabBefore?.connection === connection;
  }

  /** @throws LastseenError `fenced` when another connection owns the session, or nobody does any more */
  assertOwnedBy(connection: SessionConnection): void {
    if (!this.isOwnedBy(connection)) throw new LastseenError("fenced", "This connection no longer owns the session.");
  }

  /**
   * The last resume, if the client did it with this token and its connection broke before the client sent anything. Then
   * the answer may be lost with the connection, and the client knows only this token.
   */
  unheardResume(token: string): UnheardResume | undefined {
    const isUnreachable = this.connection === undefined || this.evidence.socketSilentAt !== undefined;
    return isUnreachable && this.#unheardResume?.token.matches(token) ? this.#unheardResume : undefined;
  }

  /** The hash of the token that the client resumed with, until it shows that it has the answer. */
  get earlierTokenHash(): string | undefined {
    return this.#unheardResume?.token.hash;
  }

  /** The client sent a message, so it has the answer to its resume: the token of before that resume is no longer valid. */
  heard(): void {
    this.#unheardResume = undefined;
  }

  /**
   * Gives the session to another connection, with a new epoch and a new token.
   *
   * @param unheard the resume that led here, kept until the client's first message shows that it has the answer
   * @returns the connection of before, if there was one
   */
  handTo(
    connection: SessionConnection,
    resumeToken: ResumeToken,
    unheard?: UnheardResume,
  ): SessionConnection | undefined {
    const before = this.connection;
    this.connection = connection;
    this.#resumeToken = resumeToken;
    this.#unheardResume = unheard;
    this.#epoch += 1;
    forgetEnd(this.evidence);
    return before;
  }

  /** Takes the session back from the tab that owns it. The tab before may resume it, with the token that it knows. */
  giveBack({ tabId, identity, resumeToken }: TabBefore): void {
    this.tabBefore = undefined;
    this.connection = undefined;
    this.tabId = tabId;
    this.identity = identity;
    this.#resumeToken = resumeToken;
    this.#unheardResume = undefined;
    this.#epoch += 1;
    forgetEnd(this.evidence);
    this.evidence.mediaLostAt = undefined;
  }

  /**
   * This node holds the session again after other nodes may have held it. What they said about it is older now.
   *
   * @param epoch greater than that under which another node may have ended it
   */
  holdAgain(epoch: number): void {
    this.#epoch = Math.max(this.#epoch + 1, epoch);
  }

  /** The connection belongs to another session now. The end of this session must not reach it. */
  giveUpConnection(): void {
    this.connection = undefined;
  }

  /** The caller that gets `true` cleans up. After that nothing can open the session again. */
  claim(): boolean {
    if (this.#status !== "open") return false;
    this.#status = "closing";
    this.#epoch += 1;
    this.expiry.remove();
    return true;
  }

  markEnded(): void {
    this.#status = "ended";
  }
}
