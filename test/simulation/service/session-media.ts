import type { Emitter } from "../../../src/kernel/emitter.js";
import { type JsonObject, LastseenError, type ProducerView } from "@lastseen/protocol";
import type {
  MediaEvents,
  MediaEvidence,
  MediaLeftovers,
  MediaRequests,
  SessionMedia,
  TabChange,
} from "../../../src/ports/media-plane.js";
import { MediaTabChange, type SentTrack } from "../../../src/media/rtp/tab-change.js";
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
  readonly page: PageObjects;
}

/** What one page has made. */
class PageObjects {
  readonly transports = new Map<string, MediaTransport>();
  readonly producers = new Map<string, Producer>();
  evidence: MediaEvidence | "none" = "none";

  get isUp(): boolean {
    return [...this.transports.values()].some(({ up }) => up);
  }
}

/** A session's media with the rules of the real one, on a simulated worker. */
export class SimulatedSessionMedia implements SessionMedia, MediaRequests {
  readonly sessionId: string;
  readonly routerRtpCapabilities = {};
  closed = false;
  readonly #parts: Parts;
  readonly #room: MediaRoom;
  readonly #objects: WorkerObjects;
  #era = 0;
  #page = new PageObjects();
  #before: { page: PageObjects; change: TabChange } | undefined;
  #isWatched = false;
  #isSilent = false;

  constructor(parts: Parts, room: MediaRoom, sessionId: string) {
    this.#parts = parts;
    this.#room = room;
    this.sessionId = sessionId;
    this.#objects = new WorkerObjects(parts, sessionId);
  }

  get producers(): readonly ProducerView[] {
    return this.#pages.flatMap(({ producers }) =>
      Array.from(producers.values(), ({ id, kind, source, paused }) =>
        source === undefined ? { id, kind, paused } : { id, kind, source, paused },
      ),
    );
  }

  get requests(): MediaRequests {
    return this;
  }

  counts(): { transports: number; producers: number; consumers: number } {
    const sum = (kind: "transports" | "producers"): number =>
      this.#pages.reduce((total, page) => total + page[kind].size, 0);
    return { transports: sum("transports"), producers: sum("producers"), consumers: 0 };
  }

  async createTransport(direction: "send" | "recv"): ReturnType<MediaRequests["createTransport"]> {
    this.#assertJoined();
    const page = this.#page;
    if (page.transports.size + this.#objects.underWay >= MOST_TRANSPORTS) this.#replaceLost();
    const era = this.#era;
    const worker = await this.#room.worker();
    if (era !== this.#era) throw this.closed ? notJoined() : unavailable();
    const id = await this.#create(worker, "transport");
    const transport = new MediaTransport({
      id,
      worker,
      direction,
      onLost: () => this.#fromWorker(transport, () => this.#review()),
      onEnded: () => this.#fromWorker(transport, () => this.#drop(page, transport)),
    });
    page.transports.set(id, transport);
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
    const page = this.#page;
    const transport = this.#get(request.transportId);
    const { kind, source, paused = false } = request;
    const id = await this.#create(transport.worker, "producer");
    if (transport.closed) {
      this.#objects.release(id, transport.worker);
      throw new LastseenError("not_found", "There is no such transport.");
    }
    page.producers.set(id, { id, kind, paused, transport, page, ...(source === undefined ? {} : { source }) });
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
    this.#closeProducer(this.#before?.page.producers.get(producerId) ?? this.#getProducer(producerId));
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
    const sending = [...this.#page.producers.values()].filter(({ paused }) => !paused);
    if (this.#page.evidence === "none" || sending.length === 0) return Infinity;
    return Math.max(...sending.map(({ transport }) => transport.silentSince ?? Infinity));
  }

  reset(): void {
    if (this.closed) return;
    this.#before?.change.finish();
    this.#era += 1;
    this.#closePage(this.#page);
  }

  changeTab(sources: readonly string[], over: () => void): TabChange | undefined {
    if (this.closed) return undefined;
    this.#before?.change.finish();
    const page = this.#page;
    const all = [...page.producers.values()];
    const goesOn = all.filter(({ paused, source = "" }) => !paused && sources.includes(source));
    if (goesOn.length === 0) {
      this.reset();
      return undefined;
    }
    this.#era += 1;
    this.#page = new PageObjects();
    const { size } = page.transports;
    const change = new MediaTabChange(this.#parts.loop, {
      producers: goesOn.map((producer) => sentTrack(producer)),
      isWhole: () => goesOn.length === all.length && page.transports.size === size,
      next: () => Array.from(this.#page.producers.values(), (producer) => sentTrack(producer)),
      isConsumed: () => true,
      stop: ({ id }) => this.#stop(page, id),
      over: () => {
        this.#before = undefined;
        this.#closePage(page);
        over();
      },
      undone: () => {
        const failed = this.#page;
        this.#before = undefined;
        this.#era += 1;
        this.#page = page;
        this.#closePage(failed);
        const { evidence } = page;
        page.evidence = "none";
        if (evidence !== "none") this.#tellEvidence(page.isUp ? "connected" : "lost");
      },
    });
    this.#before = { page, change };
    for (const producer of all) if (!goesOn.includes(producer)) this.#stop(page, producer.id);
    return change;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#before?.change.finish();
    this.#era += 1;
    this.#closePage(this.#page);
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
    for (const { transports } of this.#pages) for (const transport of transports.values()) transport.lost();
  }

  /** The worker has ended, and all its objects are gone. */
  workerLost(): void {
    this.#era += 1;
    for (const page of this.#pages) {
      for (const transport of page.transports.values()) transport.close();
      page.transports.clear();
      page.producers.clear();
      page.evidence = "none";
    }
    this.#before?.change.finish();
  }

  get #pages(): PageObjects[] {
    return this.#before ? [this.#before.page, this.#page] : [this.#page];
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
    const state = this.#page.isUp ? "connected" : "lost";
    const { evidence } = this.#page;
    if (this.closed || evidence === state || (state === "lost" && evidence === "none")) return;
    this.#tellEvidence(state);
  }

  #tellEvidence(state: MediaEvidence): void {
    this.#page.evidence = state;
    const { sessionId } = this;
    this.#parts.events.emit("evidence", state === "lost" ? { sessionId, state, by: "ice" } : { sessionId, state });
  }

  /** The peer has closed this transport. */
  #drop(page: PageObjects, transport: MediaTransport): void {
    this.#review();
    const producers = [...page.producers.values()].filter((producer) => producer.transport === transport);
    this.#closeTransport(page, transport);
    this.#tellClosed(producers.map(({ id }) => id));
  }

  #replaceLost(): void {
    const page = this.#page;
    const lost = [...page.transports.values()].find(({ up }) => !up);
    if (!lost) throw new LastseenError("forbidden", "This session has as many transports as it may have.");
    this.#drop(page, lost);
  }

  #closePage(page: PageObjects): void {
    const producerIds = [...page.producers.keys()];
    for (const transport of page.transports.values()) this.#closeTransport(page, transport);
    page.evidence = "none";
    if (!this.closed) this.#tellClosed(producerIds);
  }

  #closeTransport(page: PageObjects, transport: MediaTransport): void {
    for (const producer of page.producers.values()) {
      if (producer.transport === transport) this.#closeProducer(producer);
    }
    transport.close();
    page.transports.delete(transport.id);
    this.#objects.release(transport.id, transport.worker);
    if (page.evidence === "connected" && !page.isUp) page.evidence = "none";
  }

  #closeProducer({ id, transport, page }: Producer): void {
    page.producers.delete(id);
    this.#objects.release(id, transport.worker);
  }

  #stop(page: PageObjects, producerId: string): void {
    const producer = page.producers.get(producerId);
    if (!producer) return;
    this.#closeProducer(producer);
    this.#tellClosed([producerId]);
  }

  #tellClosed(producerIds: readonly string[]): void {
    const who = { roomId: this.#room.id, sessionId: this.sessionId };
    for (const producerId of producerIds) this.#parts.events.emit("producer_closed", { ...who, producerId });
  }

  #assertJoined(): void {
    if (this.closed) throw notJoined();
  }

  #get(id: string): MediaTransport {
    const transport = this.#page.transports.get(id);
    if (!transport) throw new LastseenError("not_found", "There is no such transport.");
    return transport;
  }

  #getProducer(id: string): Producer {
    const producer = this.#page.producers.get(id);
    if (!producer) throw new LastseenError("not_found", "There is no such producer.");
    return producer;
  }
}

/** The worker has packets of a producer while its peer answers. Read at the moment of the question. */
function sentTrack(producer: Producer): SentTrack {
  const { id, kind, source, transport, page } = producer;
  return {
    id,
    kind,
    appData: { source },
    get paused() {
      return producer.paused;
    },
    get closed() {
      return !page.producers.has(id);
    },
    get score() {
      return transport.up && !producer.paused ? [{ encodingIdx: 0, ssrc: 1, score: 10 }] : [];
    },
  };
}

function notJoined(): LastseenError {
  return new LastseenError("not_joined", "The session has left the room.");
}
