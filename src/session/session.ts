import { type JsonObject, LastseenError, type PresenceState } from "@lastseen/protocol";
import type { MediaReset } from "./events.js";
import type { Evidence } from "./evidence.js";
import { ExpiryEntry } from "../kernel/expiry-list.js";
import type { SessionMedia } from "../ports/media-plane.js";
import type { SessionConnection } from "./session-connection.js";
import type { ResumeToken } from "./resume-token.js";
import { TransferLimit } from "./transfer-limit.js";
import type { Verdict } from "./verdict.js";

const NO_METADATA: JsonObject = Object.freeze({});

/** Who somebody is, as the authentication found it. */
export interface Identity {
  userId: string;
  name: string;
  /** Rooms that the token allows; undefined: all. */
  rooms: readonly string[] | undefined;
  /** When the token runs out, epoch milliseconds; `Infinity` without one. */
  expiresAt: number;
}

/** What a session needs of its room to answer a ping. */
export interface Roster {
  readonly id: string;
  /** Grows by one with every change that the others are told. */
  readonly version: number;
  /** The encoded pong for the present version. */
  readonly pong: Buffer;
}

/** A session's stay in a room: made by joining, taken off by leaving, never reused. */
export interface Participation {
  readonly roster: Roster;
  readonly media: SessionMedia;
  /** Epoch milliseconds. */
  readonly joinedAt: number;
}

/** A resume of which the client may not have heard. */
export interface UnheardResume {
  /** The token that it was done with. */
  readonly token: ResumeToken;
  /** What the client was told of its media. */
  readonly mediaReset: MediaReset | undefined;
}

/**
 * One user's presence on one tab or device. It outlives sockets and belongs to at most one room.
 *
 *     open (attached <-> detached) --claim--> closing --forgotten--> ended
 *
 * A claim is irreversible: a closing session is never attached, joined or judged again.
 */
export class Session {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  /** The tab that owns the session; changes with a transfer. */
  tabId: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  /** What the token allows and until when; a resume brings a new token. */
  identity: Identity;
  readonly evidence: Evidence;
  readonly expiry: ExpiryEntry<Session> = new ExpiryEntry<Session>(this);
  /** When `evidence.lastSeen` was, on the monotonic clock: for telling people, not for deciding. */
  lastSeenMono: number;
  /** The last verdict; `undefined` until the first. */
  verdict: Verdict | undefined = undefined;
  /** What the others were last told. */
  shown: PresenceState = "present";
  /** Replaced as a whole, never changed. */
  metadata: JsonObject = NO_METADATA;
  connection: SessionConnection | undefined;
  participation: Participation | undefined = undefined;
  #status: "open" | "closing" | "ended" = "open";
  #epoch: number;
  #resumeToken: ResumeToken;
  #unheardResume: UnheardResume | undefined = undefined;
  #transfers: TransferLimit | undefined = undefined;

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
    this.lastSeenMono = options.mono;
    this.connection = options.connection;
    this.#epoch = options.epoch;
    this.#resumeToken = options.resumeToken;
    this.evidence = {
      lastSeen: options.now,
      detachedAt: undefined,
      detachKind: undefined,
      goodbyeAt: undefined,
      mediaLostAt: undefined,
      visibility: undefined,
      socketEnd: undefined,
      media: undefined,
    };
  }

  get status(): "open" | "closing" | "ended" {
    return this.#status;
  }

  /** Fencing token: grows by one whenever the owner changes. */
  get epoch(): number {
    return this.#epoch;
  }

  get resumeToken(): ResumeToken {
    return this.#resumeToken;
  }

  /** Made for the first move: most sessions are never moved. */
  get transfers(): TransferLimit {
    this.#transfers ??= new TransferLimit();
    return this.#transfers;
  }

  /** Begun on another node, and no client has come for it yet: what its client knows of media is of that node. */
  get isAdopted(): boolean {
    return this.#resumeToken.text === undefined;
  }

  /** Whether this connection may still act for the session. */
  isOwnedBy(connection: SessionConnection): boolean {
    return this.#status === "open" && this.connection === connection;
  }

  /** @throws LastseenError `fenced` when another connection owns the session, or nobody does any more */
  assertOwnedBy(connection: SessionConnection): void {
    if (!this.isOwnedBy(connection)) throw new LastseenError("fenced", "This connection no longer owns the session.");
  }

  /**
   * The last resume, if it was done with this token, its connection has ended, and nothing was ever heard over that: then
   * the answer may have been lost with it, and the client knows no other token.
   */
  unheardResume(token: string): UnheardResume | undefined {
    return this.connection === undefined && this.#unheardResume?.token.matches(token) ? this.#unheardResume : undefined;
  }

  /** The owner has said something: it has heard of its resume, and the token before the present one is spent. */
  heard(): void {
    this.#unheardResume = undefined;
  }

  /**
   * The session changes hands: a new epoch, a new token, the connection before (if any) is returned.
   *
   * @param unheard given for a resume, until the client shows by its first message that it has heard the answer
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
    this.evidence.detachedAt = undefined;
    this.evidence.detachKind = undefined;
    this.evidence.goodbyeAt = undefined;
    return before;
  }

  /** Its connection belongs to another session now: nothing of this one's end may reach it. */
  giveUpConnection(): void {
    this.connection = undefined;
  }

  /** Whoever gets `true` cleans up; from here on nobody can revive the session. */
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
