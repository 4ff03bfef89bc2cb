import type { Emitter } from "../../../src/kernel/emitter.js";
import { type JsonObject, LastseenError, type ProducerView } from "@lastseen/protocol";
import type {
  MediaEvents,
  MediaEvidence,
  MediaLeftovers,
  MediaRequests,
  SessionMedia,
} from "../../../src/ports/media-plane.js";
import type { EventLoop } from "../world/event-loop.js";
import type { Peer } from "../world/peer.js";
import type { World } from "../world/world.js";
import { MediaTransport } from "./media-transport.js";
import { unavailable, type MediaWorker } from "./media-worker.js";
import { WorkerObjects } from "./worker-objects.js";

/** Time that ICE and DTLS take. */
const CONNECT_MS = { least: 60, most: 700 } as const;
const MOST_TRANSPORTS = 8;

export interface MediaRoom {
  readonly id: string;
  /** The present worker of the room. Rejects when there is none. */
  worker(): Promise<MediaWorker>;
  leave(member: SimulatedSessionMedia): void;
}

interface Parts {
  world: World;
  loop: EventLoop;
  events: Emitter<MediaEvents>;
  /** Finds a page's media by the name that the page sends as its DTLS parameters. */
  peers: ReadonlyMap<string, Peer>;
  nextId: () => string;
}

interface Producer extends ProducerView {
  readonly transport: MediaTransport;
}

/** A session's media with the rules of the real one, on a simulated worker. */
export class SimulatedSessionMedia implements SessionMedia, MediaRequests {
  readonly sessionId: string;
  readonly routerRtpCapabilities = {};
  closed = false;
  readonly #parts: Parts;
  readonly #room: MediaRoom;
  readonly #transports = new Map<string, MediaTransport>();
  readonly #producers = new Map<string, Producer>();
  readonly #objects: WorkerObjects;
  #era = 0;
  #evidence: MediaEvidence | "none" = "none";
  #isWatched = false;
  #isSilent = false;

  constructor(parts: Parts, room: MediaRoom, sessionId: string) {
    this.#parts = parts;
    this.#room = room;
    this.sessionId = sessionId;
    this.#objects = new WorkerObjects(parts, sessionId);
  }

  get producers(): readonly ProducerView[] {
    return Array.from(this.#producers.values(), ({ id, kind, source, paused }) =>
      source === undefined ? { id, kind, paused } : { id, kind, source, paused },
    );
  }

  get requests(): MediaRequests {
    return this;
  }

  counts(): { transports: number; producers: number; consumers: number } {
    return { transports: this.#transports.size, producers: this.#producers.size, consumers: 0 };
  }

  async createTransport(direction: "send" | "recv"): ReturnType<MediaRequests["createTransport"]> {
    this.#assertJoined();
    if (this.#transports.size + this.#objects.underWay >= MOST_TRANSPORTS) this.#replaceLost();
    const era = this.#era;
    const worker = await this.#room.worker();
    if (era !== this.#era) throw this.closed ? notJoined() : unavailable();
    const id = await this.#create(worker, "transport");
    const transport = new MediaTransport({
      id,
      worker,
      direction,
      onLost: () => this.#fromWorker(transport, () => this.#review()),
      onEnded: () => this.#fromWorker(transport, () => this.#drop(transport)),
    });
    this.#transports.set(id, transport);
    return { id, iceParameters: {}, iceCandidates: [], dtlsParameters: {} };
  }

  async connectTransport(transportId: string, dtlsParameters: JsonObject): Promise<void> {
    this.#assertJoined();
    const transport = this.#get(transportId);
    await transport.worker.call(() => undefined);
    this.#assertJoined();
    transport.peerName = String(dtlsParameters["peer"]);
    this.#connect(transport);
  }

  async restartIce(transportId: string): Promise<{ iceParameters: JsonObject }> {
    const transport = this.#get(transportId);
    await transport.worker.call(() => undefined);
    this.#assertJoined();
    this.#connect(transport);
    return { iceParameters: {} };
  }

  async produce(request: Parameters<MediaRequests["produce"]>[0]): Promise<{ producerId: string }> {
    this.#assertJoined();
    const transport = this.#get(request.transportId);
    const { kind, source, paused = false } = request;
    const id = await this.#create(transport.worker, "producer");
    if (transport.closed) {
      this.#objects.release(id, transport.worker);
      throw new LastseenError("not_found", "There is no such transport.");
    }
    this.#producers.set(id, { id, kind, paused, transport, ...(source === undefined ? {} : { source }) });
    const producer = source === undefined ? { id, kind, paused } : { id, kind, paused, source };
    this.#parts.events.emit("producer_opened", { roomId: this.#room.id, sessionId: this.sessionId, producer });
    return { producerId: id };
  }

  async setProducerPaused(producerId: string, paused: boolean): Promise<void> {
    this.#assertJoined();
    const { transport } = this.#getProducer(producerId);
    await transport.worker.call(() => undefined);
    this.#assertJoined();
    const producer = this.#getProducer(producerId);
    if (producer.paused === paused) return;
    producer.paused = paused;
    const who = { roomId: this.#room.id, sessionId: this.sessionId };
    this.#parts.events.emit("producer_changed", { ...who, producerId, paused });
  }

  closeProducer(producerId: string): void {
    this.#assertJoined();
    this.#closeProducer(this.#getProducer(producerId));
    this.#tellClosed([producerId]);
  }

  consume(): Promise<never> {
    return Promise.reject(new LastseenError("not_found", "There is no such producer."));
  }

  setConsumerPaused(): Promise<never> {
    return this.consume();
  }

  closeConsumer(): void {
    throw new LastseenError("not_found", "There is no such consumer.");
  }

  setPreferredLayers(): Promise<never> {
    return this.consume();
  }

  watch(isWatched: boolean): void {
    this.#isWatched = isWatched;
    this.#isSilent = false;
  }

  /** Reports when nothing has come for so long from a page that sends, and when something comes again. */
  lookForSilence(now: number, afterMs: number): void {
    if (!this.#isWatched || this.closed) return;
    const isSilent = now - this.#silentSince >= afterMs;
    if (isSilent === this.#isSilent) return;
    this.#isSilent = isSilent;
    this.#parts.events.emit("silence", { sessionId: this.sessionId, isSilent });
  }

  /** When {@link lookForSilence} has something to report, if nothing happens until then. */
  nextSilenceAt(afterMs: number): number {
    if (!this.#isWatched || this.closed) return Infinity;
    const at = this.#silentSince + afterMs;
    if (this.#isSilent) return at === Infinity ? -Infinity : Infinity;
    return at;
  }

  /** Since when nothing comes from a page that sends and was connected; `Infinity` while something comes. */
  get #silentSince(): number {
    const sending = [...this.#producers.values()].filter(({ paused }) => !paused);
    if (this.#evidence === "none" || sending.length === 0) return Infinity;
    return Math.max(...sending.map(({ transport }) => transport.silentSince ?? Infinity));
  }

  reset(): void {
    if (this.closed) return;
    const producerIds = [...this.#producers.keys()];
    this.#closeAll();
    this.#tellClosed(producerIds);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#closeAll();
    this.#room.leave(this);
  }

  handOver(): void {
    this.close();
  }

  verifyClosed(): Promise<MediaLeftovers> {
    return this.#objects.verifyClosed();
  }

  /** The worker reports all peers as lost, although they may answer. */
  loseAll(): void {
    for (const transport of this.#transports.values()) transport.lost();
  }

  /** The worker has ended, and all its objects are gone. */
  workerLost(): void {
    this.#era += 1;
    for (const transport of this.#transports.values()) transport.close();
    this.#transports.clear();
    this.#producers.clear();
    this.#evidence = "none";
  }

  async #create(worker: MediaWorker, kind: "transport" | "producer"): Promise<string> {
    const era = this.#era;
    const id = await this.#objects.create(worker, kind);
    if (era === this.#era && !this.closed) return id;
    this.#objects.release(id, worker);
    throw this.closed ? notJoined() : unavailable();
  }

  #connect(transport: MediaTransport): void {
    const { world, loop, peers } = this.#parts;
    world.after(world.between(CONNECT_MS.least, CONNECT_MS.most), () => {
      const peer = transport.peerName === undefined ? undefined : peers.get(transport.peerName);
      if (peer && transport.connect(peer)) loop.arrive(world.now.at, () => this.#review());
    });
  }

  #fromWorker(transport: MediaTransport, run: () => void): void {
    const { loop, world } = this.#parts;
    loop.arrive(world.now.at, () => {
      if (!transport.closed) run();
    });
  }

  #review(): void {
    const state = [...this.#transports.values()].some(({ up }) => up) ? "connected" : "lost";
    if (this.closed || this.#evidence === state || (state === "lost" && this.#evidence === "none")) return;
    this.#evidence = state;
    const { sessionId } = this;
    this.#parts.events.emit("evidence", state === "lost" ? { sessionId, state, by: "ice" } : { sessionId, state });
  }

  /** The peer has closed this transport. */
  #drop(transport: MediaTransport): void {
    this.#review();
    const producers = [...this.#producers.values()].filter((producer) => producer.transport === transport);
    this.#closeTransport(transport);
    this.#tellClosed(producers.map(({ id }) => id));
  }

  #replaceLost(): void {
    const lost = [...this.#transports.values()].find(({ up }) => !up);
    if (!lost) throw new LastseenError("forbidden", "This session has as many transports as it may have.");
    this.#drop(lost);
  }

  #closeAll(): void {
    this.#era += 1;
    for (const transport of this.#transports.values()) this.#closeTransport(transport);
    this.#evidence = "none";
  }

  #closeTransport(transport: MediaTransport): void {
    for (const producer of this.#producers.values()) {
      if (producer.transport === transport) this.#closeProducer(producer);
    }
    transport.close();
    this.#transports.delete(transport.id);
    this.#objects.release(transport.id, transport.worker);
    if (this.#evidence === "connected" && ![...this.#transports.values()].some(({ up }) => up)) this.#evidence = "none";
  }

  #closeProducer({ id, transport }: Producer): void {
    this.#producers.delete(id);
    this.#objects.release(id, transport.worker);
  }

  #tellClosed(producerIds: readonly string[]): void {
    const who = { roomId: this.#room.id, sessionId: this.sessionId };
    for (const producerId of producerIds) this.#parts.events.emit("producer_closed", { ...who, producerId });
  }

  #assertJoined(): void {
    if (this.closed) throw notJoined();
  }

  #get(id: string): MediaTransport {
    const transport = this.#transports.get(id);
    if (!transport) throw new LastseenError("not_found", "There is no such transport.");
    return transport;
  }

  #getProducer(id: string): Producer {
    const producer = this.#producers.get(id);
    if (!producer) throw new LastseenError("not_found", "There is no such producer.");
    return producer;
  }
}

function notJoined(): LastseenError {
  return new LastseenError("not_joined", "The session has left the room.");
}
