/**
 * Reads every frame at the service's end of the sockets and keeps its own records: which socket got which session, the
 * requests and their answers, and when the service heard each session. It also checks V1: the service serves only the owner
 * of a session, and no epoch comes twice.
 */
import type { ServerSocket, SocketWitness } from "../world/server-socket.js";
import { RosterRecord } from "./roster-record.js";
import type { Scene } from "./scene.js";

interface Grant {
  socket: ServerSocket;
  epoch: number;
  /** The socket that had the session before. It is answered its pings until it is told. */
  before: ServerSocket | undefined;
}

/** What the ledger has seen on one socket. */
export interface SocketRecord {
  readonly acceptedAt: number;
  sessionId: string | undefined;
  readonly requests: Map<number, string>;
  readonly roster: RosterRecord;
}

interface Frame {
  id?: number;
  ok?: boolean;
  type?: string;
  data?: {
    sessionId?: string;
    epoch?: number;
    room?: { id: string; participants: { sessionId: string }[]; next?: string } | null;
  };
}

const PONG = '{"type":"pong"';
/** Without the version of the room. */
const BARE_PONG = '{"type":"pong"}';
const ANSWER = '{"id":';
const JOINED = '{"type":"user_joined"';
const BATCH = '{"type":"roster_changed"';
const LEFT = '{"type":"user_left"';
const NOT_ALLOWED = '"code":"unauthorized"';
const REFUSAL = '{"type":"error"';

export class Ledger implements SocketWitness {
  /** Called when the socket that owned a session has ended. */
  onClosed: (sessionId: string, code: number) => void = () => {};
  readonly owners = new Map<string, Grant>();
  /** When the last frame of the session's owner came, by session. */
  readonly heardAt = new Map<string, number>();
  readonly sockets = new Map<ServerSocket, SocketRecord>();
  frames = 0;
  pongs = 0;
  refusals = 0;
  closes = 0;
  readonly #scene: Scene;
  /** The session whose frame came last, when it came, and when the service had heard the session before. */
  #last: { sessionId: string; at: number; before: number | undefined } | undefined;
  readonly #ended = new Set<string>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  accepted(socket: ServerSocket): void {
    const roster = new RosterRecord((message) => this.#scene.fail("V4", message));
    const acceptedAt = this.#scene.world.now.at;
    this.sockets.set(socket, { acceptedAt, sessionId: undefined, requests: new Map(), roster });
  }

  received(socket: ServerSocket, text: string): void {
    if (!socket.isOpen) return;
    this.frames += 1;
    this.#mix(text);
    const record = this.sockets.get(socket);
    if (!record) return;
    if (record.sessionId !== undefined && this.owns(socket, record.sessionId)) {
      const { sessionId } = record;
      const { at } = this.#scene.world.now;
      this.#last = { sessionId, at, before: this.heardAt.get(sessionId) };
      this.heardAt.set(sessionId, at);
    }
    if (!text.startsWith(ANSWER)) return;
    const { id, type } = JSON.parse(text) as Frame;
    if (id !== undefined && type !== undefined) record.requests.set(id, type);
  }

  sent(socket: ServerSocket, text: string): void {
    const record = this.sockets.get(socket);
    if (!record) return;
    this.#mix(text);
    if (text.startsWith(PONG)) {
      // It is no heartbeat of the session.
      if (text === BARE_PONG && this.#hadBefore(socket, record)) return;
      this.pongs += 1;
      this.#assertOwner(socket, record, "a ping");
      return;
    }
    if (text.startsWith(ANSWER)) {
      if (text.includes(NOT_ALLOWED)) this.#unheard(record);
      this.#answered(socket, record, JSON.parse(text) as Frame);
    } else if (text.startsWith(JOINED) || text.startsWith(LEFT) || text.startsWith(BATCH)) {
      const { type = "", data = {} } = JSON.parse(text) as Frame;
      record.roster.event(type, data);
    } else if (text.startsWith(REFUSAL)) {
      if (text.includes(NOT_ALLOWED)) this.#unheard(record);
      this.refusals += 1;
    }
  }

  closed(socket: ServerSocket, code: number): void {
    const record = this.sockets.get(socket);
    this.sockets.delete(socket);
    this.closes += 1;
    const { sessionId } = record ?? {};
    if (sessionId === undefined || !this.owns(socket, sessionId)) return;
    this.onClosed(sessionId, code);
  }

  /** Whether this socket was the last to get the session. */
  owns(socket: ServerSocket, sessionId: string): boolean {
    return this.owners.get(sessionId)?.socket === socket && !this.#ended.has(sessionId);
  }

  /** The session has ended. From now on no socket may act for it. */
  sessionEnded(sessionId: string): void {
    this.#ended.add(sessionId);
    this.owners.delete(sessionId);
    this.heardAt.delete(sessionId);
  }

  /** A frame that came with an expired token does not count. */
  #unheard({ sessionId }: SocketRecord): void {
    const last = this.#last;
    if (last?.before === undefined || last.sessionId !== sessionId || last.at !== this.#scene.world.now.at) return;
    this.heardAt.set(sessionId, last.before);
  }

  #answered(socket: ServerSocket, record: SocketRecord, frame: Frame): void {
    const { id = NaN } = frame;
    const type = record.requests.get(id) ?? "an unknown request";
    record.requests.delete(id);
    if (!frame.ok) {
      this.refusals += 1;
      return;
    }
    const { sessionId, epoch, room } = frame.data ?? {};
    if (sessionId !== undefined && epoch !== undefined) this.#granted(socket, record, sessionId, epoch);
    else this.#assertOwner(socket, record, type);
    if (room) record.roster.snapshot(room);
    if (type === "leave") record.roster.leave();
  }

  #granted(socket: ServerSocket, record: SocketRecord, sessionId: string, epoch: number): void {
    const { world, nameOf, fail } = this.#scene;
    const before = this.owners.get(sessionId);
    const isSame = before?.socket === socket;
    if (before && (isSame ? epoch < before.epoch : epoch <= before.epoch)) {
      fail("V1", `${nameOf(sessionId)} was given away under epoch ${epoch} after ${before.epoch}`);
    }
    if (this.#ended.has(sessionId)) fail("V1", `${nameOf(sessionId)} was given away after its end`);
    this.owners.set(sessionId, { socket, epoch, before: isSame ? before.before : before?.socket });
    this.heardAt.set(sessionId, world.now.at);
    record.sessionId = sessionId;
  }

  /** Ids and tokens are random but of fixed length, so the digest takes only the time and length of a frame. */
  #mix({ length }: string): void {
    this.#scene.mix(this.#scene.world.now.at);
    this.#scene.mix(length);
  }

  #hadBefore(socket: ServerSocket, { sessionId = "" }: SocketRecord): boolean {
    return this.owners.get(sessionId)?.before === socket;
  }

  #assertOwner(socket: ServerSocket, { sessionId }: SocketRecord, what: string): void {
    const { nameOf, fail, count } = this.#scene;
    count("check", "V1 served");
    if (sessionId === undefined || this.owns(socket, sessionId)) return;
    fail("V1", `${what} was carried out for ${nameOf(sessionId)} on a socket that no longer owns it`);
  }
}
