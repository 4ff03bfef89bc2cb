/**
 * Looks at every frame at the service's end of the sockets and keeps books of its own: which socket was told that it
 * owns which session, what was asked and answered, when a session was heard. Checks V1 on the way: nobody but the owner
 * is served, an epoch never comes twice.
 */
import type { ServerSocket, SocketWitness } from "../world/server-socket.js";
import { RosterRecord } from "./roster-record.js";
import type { Scene } from "./scene.js";

interface Grant {
  socket: ServerSocket;
  epoch: number;
}

/** What was seen on one socket. */
export interface SocketRecord {
  sessionId: string | undefined;
  readonly requests: Map<number, string>;
  readonly roster: RosterRecord;
}

interface Frame {
  id?: number;
  ok?: boolean;
  type?: string;
  data?: { sessionId?: string; epoch?: number; room?: { id: string; participants: { sessionId: string }[] } | null };
}

const PONG = '{"type":"pong"';
const ANSWER = '{"id":';
const ABOUT_USERS = '{"type":"user_';
const REFUSAL = '{"type":"error"';

export class Ledger implements SocketWitness {
  /** Told when the socket that owned a session has ended. */
  onClosed: (sessionId: string, code: number) => void = () => {};
  readonly owners = new Map<string, Grant>();
  /** When a frame of the session's owner last came, by session. */
  readonly heardAt = new Map<string, number>();
  /** How the socket ended that owned the session last, by session. */
  readonly closedWith = new Map<string, number>();
  readonly sockets = new Map<ServerSocket, SocketRecord>();
  frames = 0;
  pongs = 0;
  refusals = 0;
  closes = 0;
  readonly #scene: Scene;
  readonly #ended = new Set<string>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  accepted(socket: ServerSocket): void {
    const roster = new RosterRecord((message) => this.#scene.fail("V4", message));
    this.sockets.set(socket, { sessionId: undefined, requests: new Map(), roster });
  }

  received(socket: ServerSocket, text: string): void {
    if (!socket.isOpen) return;
    this.frames += 1;
    const record = this.sockets.get(socket);
    if (!record) return;
    if (record.sessionId !== undefined && this.owns(socket, record.sessionId)) {
      this.heardAt.set(record.sessionId, this.#scene.world.now.at);
    }
    if (!text.startsWith(ANSWER)) return;
    const { id, type } = JSON.parse(text) as Frame;
    if (id !== undefined && type !== undefined) record.requests.set(id, type);
  }

  sent(socket: ServerSocket, text: string): void {
    const record = this.sockets.get(socket);
    if (!record) return;
    if (text.startsWith(PONG)) {
      this.pongs += 1;
      this.#assertOwner(socket, record, "a ping");
      return;
    }
    if (!text.startsWith(ANSWER) && !text.startsWith(ABOUT_USERS)) {
      if (text.startsWith(REFUSAL)) this.refusals += 1;
      return;
    }
    const frame = JSON.parse(text) as Frame;
    if (frame.id !== undefined) this.#answered(socket, record, frame.id, frame);
    else record.roster.event(frame.type ?? "", frame.data ?? {});
  }

  closed(socket: ServerSocket, code: number): void {
    const record = this.sockets.get(socket);
    this.sockets.delete(socket);
    this.closes += 1;
    const { sessionId } = record ?? {};
    if (sessionId === undefined || !this.owns(socket, sessionId)) return;
    this.closedWith.set(sessionId, code);
    this.onClosed(sessionId, code);
  }

  /** Whether this socket was the last one that was given the session. */
  owns(socket: ServerSocket, sessionId: string): boolean {
    return this.owners.get(sessionId)?.socket === socket && !this.#ended.has(sessionId);
  }

  /** The session has ended: from now on nobody may act for it. */
  sessionEnded(sessionId: string): void {
    this.#ended.add(sessionId);
    this.owners.delete(sessionId);
    this.heardAt.delete(sessionId);
    this.closedWith.delete(sessionId);
  }

  #answered(socket: ServerSocket, record: SocketRecord, id: number, frame: Frame): void {
    const type = record.requests.get(id) ?? "an unknown request";
    record.requests.delete(id);
    if (!frame.ok) {
      this.refusals += 1;
      return;
    }
    const { sessionId, epoch, room } = frame.data ?? {};
    if (sessionId !== undefined && epoch !== undefined) this.#granted(socket, record, sessionId, epoch);
    else this.#assertOwner(socket, record, type);
    if (room) record.roster.snapshot(room.participants);
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
    this.owners.set(sessionId, { socket, epoch });
    this.heardAt.set(sessionId, world.now.at);
    record.sessionId = sessionId;
  }

  #assertOwner(socket: ServerSocket, { sessionId }: SocketRecord, what: string): void {
    if (sessionId === undefined || this.owns(socket, sessionId)) return;
    const { nameOf, fail } = this.#scene;
    fail("V1", `${what} was carried out for ${nameOf(sessionId)} on a socket that no longer owns it`);
  }
}
