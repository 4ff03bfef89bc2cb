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
  error?: { code: string };
}

const PONG = '{"type":"pong"';
const ANSWER = '{"id":';

export class Ledger implements SocketWitness {
  readonly owners = new Map<string, Grant>();
  /** When a frame of the session's owner last came, by session. */
  readonly heardAt = new Map<string, number>();
  readonly sockets = new Map<ServerSocket, SocketRecord>();
  frames = 0;
  pongs = 0;
  readonly refused = new Map<string, number>();
  readonly closes = new Map<number, number>();
  readonly #scene: Scene;
  readonly #ended = new Set<string>();
  readonly #onClosed: (sessionId: string, code: number) => void;

  /** @param onClosed told when the socket that owned a session has ended */
  constructor(scene: Scene, onClosed: (sessionId: string, code: number) => void) {
    this.#scene = scene;
    this.#onClosed = onClosed;
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
    if (text.startsWith('{"type":"probe"') || text.startsWith('{"type":"producer') || text.startsWith('{"type":"new_'))
      return;
    const frame = JSON.parse(text) as Frame;
    if (frame.id !== undefined) this.#answered(socket, record, frame.id, frame);
    else if (frame.type === "error") this.#count(this.refused, (frame.data as { code?: string }).code ?? "");
    else record.roster.event(frame.type ?? "", frame.data as { sessionId?: string });
  }

  closed(socket: ServerSocket, code: number): void {
    const record = this.sockets.get(socket);
    this.sockets.delete(socket);
    const { sessionId } = record ?? {};
    if (sessionId !== undefined && this.owns(socket, sessionId)) this.#onClosed(sessionId, code);
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
  }

  #answered(socket: ServerSocket, record: SocketRecord, id: number, frame: Frame): void {
    const type = record.requests.get(id) ?? "an unknown request";
    record.requests.delete(id);
    if (!frame.ok) {
      this.#count(this.refused, frame.error?.code ?? "");
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

  #count<K>(counts: Map<K, number>, key: K): void {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
}
