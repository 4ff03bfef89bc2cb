import { Emitter } from "../../../src/kernel/emitter.js";
import type {
  ForeignMedia,
  MakingMediaPlane,
  MediaEvents,
  MediaKind,
  MediaOrphan,
} from "../../../src/ports/media-plane.js";
import type { EventLoop } from "../world/event-loop.js";
import type { Peer } from "../world/peer.js";
import type { World } from "../world/world.js";
import { MediaWorker, unavailable } from "./media-worker.js";
import { SimulatedSessionMedia } from "./session-media.js";

const WORKERS = 2;
const RESTART_MS = 1_000;
const SLOW_JOIN = { chance: 0.15, most: 400 } as const;

interface Place {
  readonly id: string;
  readonly members: Set<SimulatedSessionMedia>;
  worker: MediaWorker | undefined;
}

/** A media plane with simulated workers. It sends the same events in the same order, and its workers hang, free late and die. */
export class SimulatedMediaPlane implements MakingMediaPlane {
  readonly enabled = true;
  readonly #world: World;
  readonly #loop: EventLoop;
  readonly #peers: ReadonlyMap<string, Peer>;
  readonly #events: Emitter<MediaEvents>;
  readonly #rooms = new Map<string, Place>();
  /** Objects that belong to no session, as a fault elsewhere would leave them. */
  readonly #strays = new Map<string, MediaOrphan>();
  #workers: MediaWorker[];
  #ids = 0;
  #closed = false;

  constructor(world: World, loop: EventLoop, peers: ReadonlyMap<string, Peer>, onError: (error: unknown) => void) {
    this.#world = world;
    this.#loop = loop;
    this.#peers = peers;
    this.#events = new Emitter(onError);
    this.#workers = Array.from({ length: WORKERS }, () => new MediaWorker(world, loop));
  }

  get available(): boolean {
    return this.#workers.length > 0 && !this.#closed;
  }

  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  async join(roomId: string, sessionId: string): Promise<SimulatedSessionMedia> {
    if (this.#closed) throw unavailable();
    if (this.#world.chance(SLOW_JOIN.chance)) {
      const at = this.#world.now.at + this.#world.between(1, SLOW_JOIN.most);
      await new Promise<void>((resolve) => this.#loop.arrive(at, resolve));
      if (this.#closed) throw unavailable();
    }
    const place = this.#rooms.get(roomId) ?? this.#open(roomId);
    const parts = {
      world: this.#world,
      loop: this.#loop,
      events: this.#events,
      peers: this.#peers,
      nextId: () => `m${++this.#ids}`,
    };
    const room = { id: roomId, worker: () => this.#workerOf(place), leave: leaveOf(place, this.#rooms) };
    const media = new SimulatedSessionMedia(parts, room, sessionId);
    place.members.add(media);
    return media;
  }

  lookForSilence(afterMs: number): void {
    const now = this.#loop.mono();
    for (const { members } of this.#rooms.values()) for (const member of members) member.lookForSilence(now, afterMs);
  }

  /** When {@link lookForSilence} has something to report, if nothing happens until then. */
  nextSilenceAt(afterMs: number): number {
    let at = Infinity;
    for (const { members } of this.#rooms.values()) {
      for (const member of members) at = Math.min(at, member.nextSilenceAt(afterMs));
    }
    return at;
  }

  counts(): { workers: number } & Record<MediaKind, number> {
    const counts = { workers: this.#workers.length, router: 0, transport: this.#strays.size, producer: 0, consumer: 0 };
    for (const { members, worker } of this.#rooms.values()) {
      if (worker) counts.router += 1;
      for (const member of members) {
        counts.transport += member.counts().transports;
        counts.producer += member.counts().producers;
      }
    }
    return counts;
  }

  findOrphans(isLive: (sessionId: string) => boolean): readonly MediaOrphan[] {
    const orphans = [...this.#strays.values()];
    for (const { members } of this.#rooms.values()) {
      for (const { sessionId, producers } of members) {
        for (const { id } of producers) orphans.push({ kind: "producer", id, sessionId });
      }
    }
    return orphans.filter(({ sessionId }) => !isLive(sessionId));
  }

  closeOrphan({ id }: MediaOrphan): boolean {
    return this.#strays.delete(id);
  }

  /** Does nothing: simulated workers forget nothing while they live. */
  findLost(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  unowned(): ForeignMedia {
    return { transport: 0, producer: 0, consumer: 0 };
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const { members } of this.#rooms.values()) for (const member of members) member.close();
    for (const worker of this.#workers) worker.die();
    this.#workers = [];
    return Promise.resolve();
  }

  /** Ids of the objects of a session that the workers still hold. */
  heldOf(sessionId: string): string[] {
    return this.#workers.flatMap(({ objects }) =>
      [...objects].filter(([, object]) => object.sessionId === sessionId).map(([id]) => id),
    );
  }

  /** All objects that the workers hold, by session. */
  held(): { id: string; sessionId: string }[] {
    return this.#workers.flatMap(({ objects }) => Array.from(objects, ([id, { sessionId }]) => ({ id, sessionId })));
  }

  get strays(): number {
    return this.#strays.size;
  }

  leaveStray(sessionId: string): void {
    const id = `m${++this.#ids}`;
    this.#strays.set(id, { kind: "transport", id, sessionId });
  }

  hangWorker(index: number, ms: number): void {
    this.#workers[index % WORKERS]?.hangFor(ms);
  }

  keepWorkerFromFreeing(index: number, ms: number): void {
    this.#workers[index % WORKERS]?.keepFor(ms);
  }

  /** The worker process ends. The service learns it from the pipe and starts another one a second later. */
  killWorker(index: number): void {
    const worker = this.#workers[index % WORKERS];
    if (!worker || this.#closed) return;
    worker.die();
    this.#loop.arrive(this.#world.now.at, () => this.#lost(worker));
  }

  /** The workers were stopped for a while, so they take the silence of all peers for a loss. */
  loseEverybody(): void {
    for (const { members } of this.#rooms.values()) for (const member of members) member.loseAll();
  }

  #lost(worker: MediaWorker): void {
    if (this.#closed || !this.#workers.includes(worker)) return;
    this.#workers = this.#workers.filter((other) => other !== worker);
    const lost = [...this.#rooms.values()].filter((place) => place.worker === worker);
    for (const place of lost) {
      place.worker = undefined;
      for (const member of place.members) member.workerLost();
    }
    for (const { id: roomId, members } of lost) {
      const sessionIds = Array.from(members, ({ sessionId }) => sessionId);
      this.#events.emit("media_reset", { roomId, sessionIds, reason: "worker_died" });
    }
    this.#events.emit("worker_died", { workerIndex: 0, rooms: lost.length });
    this.#loop.arrive(this.#world.now.at + RESTART_MS, () => {
      if (!this.#closed) this.#workers.push(new MediaWorker(this.#world, this.#loop));
    });
  }

  #open(id: string): Place {
    const place: Place = { id, members: new Set(), worker: undefined };
    this.#rooms.set(id, place);
    return place;
  }

  async #workerOf(place: Place): Promise<MediaWorker> {
    if (place.worker) return place.worker;
    const worker = this.#workers[this.#world.random.below(Math.max(1, this.#workers.length))];
    if (!worker) throw unavailable();
    await worker.call(() => undefined);
    place.worker ??= worker;
    if (place.worker.dead) throw unavailable();
    return place.worker;
  }
}

function leaveOf(place: Place, rooms: Map<string, Place>): (member: SimulatedSessionMedia) => void {
  return (member) => {
    place.members.delete(member);
    if (place.members.size === 0 && rooms.get(place.id) === place) rooms.delete(place.id);
  };
}
