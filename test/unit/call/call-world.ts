/** Several nodes in one process: the real parts of calls, a slow store, a slow bus, and clients that believe what they are told. */
import { createTelephony, type Telephony } from "../../../src/call/telephony.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import { MemoryCalls } from "../../../src/memory/memory-calls.js";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import type { EventData, EventType } from "@lastseen/protocol";
import type { NodeMessage } from "../../../src/ports/node-messages.js";
import type { Bus, BusEvents } from "../../../src/ports/bus.js";
import type { CallStore } from "../../../src/ports/call-store.js";
import type { CallOutcome, LifecycleEvents } from "../../../src/session/events.js";
import type { SessionConnection } from "../../../src/session/session-connection.js";
import { SessionRegistry } from "../../../src/session/registry.js";
import { ResumeToken } from "../../../src/session/resume-token.js";
import { Session } from "../../../src/session/session.js";
import { ManualClock } from "../../support/manual-clock.js";
import type { Random } from "../../support/random.js";

export const RING_MS = 30_000;
/** All sessions share one token: making a token takes longer than a whole call in these tests. */
const TOKEN = ResumeToken.create();

/** Faults on the way to the store and between the nodes; chances from 0 to 1. */
export interface Faults {
  /** A request to the store fails. */
  storeFails: number;
  /** Of the requests that fail, the store has not got so many. The others it has done, and its answer is lost. */
  storeMisses: number;
  /** A message to a node is lost; the node notices that it has missed one. */
  messageLost: number;
}

/** A client, which knows of its calls only what it was told. */
export class Client implements SessionConnection {
  /** The calls that it was told about and that have not ended for it. */
  readonly live = new Map<string, "ringing" | "active">();
  readonly told: { type: string; callId: string; reason?: string }[] = [];
  readonly statuses: { userId: string; status: string }[] = [];

  sendEvent<T extends EventType>(type: T, data: EventData<T>): void {
    if (type === "user_status") {
      this.statuses.push(data as EventData<"user_status">);
      return;
    }
    const event = data as { callId: string; reason?: string };
    this.told.push({ type, ...event });
    if (type === "incoming_call") this.live.set(event.callId, "ringing");
    else if (type === "call_accepted") this.live.set(event.callId, "active");
    else this.live.delete(event.callId);
  }

  send(): void {}
  paceChanged(): void {}
  demandPong(): void {}
  close(): void {}
}

/** Waits for a random number of microtasks. */
async function waitBriefly(random: Random): Promise<void> {
  for (let turns = random.below(8); turns > 0; turns--) await Promise.resolve();
}

/** The store as a node sees it: slow, and with faults. */
function slowStore(inner: CallStore, random: Random, faults: Faults): CallStore {
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    await waitBriefly(random);
    const fails = random.next() < faults.storeFails;
    if (fails && random.next() < faults.storeMisses) throw new Error("the store does not answer");
    const answer = await question();
    await waitBriefly(random);
    if (fails) throw new Error("the answer was lost");
    return answer;
  };
  return {
    start: (call, ringMs) => ask(() => inner.start(call, ringMs)),
    accept: (callId, callee) => ask(() => inner.accept(callId, callee)),
    finish: (callId, condition) => ask(() => inner.finish(callId, condition)),
    hold: (calls) => ask(() => inner.hold(calls)),
    find: (callId) => ask(() => inner.find(callId)),
    ofUser: (userId) => ask(() => inner.ofUser(userId)),
    ringing: () => ask(() => inner.ringing()),
    close: () => inner.close(),
  };
}

/** What a node could not write is written again after this time. */
const AGAIN_MS = 2_000;

/**
 * Messages between two nodes arrive in order, each after a random delay. Who follows a user is known to a store that all nodes share:
 * what a node follows, and what it sends, gets there in order and after a random delay too.
 */
class SlowBus implements Bus {
  readonly sent = 0;
  readonly events = new Emitter<BusEvents>((error) => {
    throw error;
  });
  readonly #nodeId: string;
  readonly #world: CallWorld;
  readonly #ways = new Map<string, Promise<void>>();
  /** The users for whom the store has this node. */
  readonly #followed = new Set<string>();
  readonly #wanted = new Set<string>();
  #toStore: Promise<void> = Promise.resolve();

  constructor(world: CallWorld, nodeId: string) {
    this.#world = world;
    this.#nodeId = nodeId;
  }

  send(_to: { nodeId: string } | "all", message: NodeMessage): void {
    this.#sendTo(() => true, message);
  }

  sendAbout(userIds: readonly string[], message: NodeMessage): void {
    void this.#atStore(() => this.#sendTo((bus) => userIds.some((userId) => bus.#followed.has(userId)), message));
  }

  follow(userId: string): Promise<void> {
    this.#wanted.add(userId);
    return this.#write(userId);
  }

  unfollow(userId: string): Promise<void> {
    this.#wanted.delete(userId);
    return this.#write(userId);
  }

  async #write(userId: string): Promise<void> {
    const { clock, random, faults } = this.#world;
    const write = (): void =>
      void (this.#wanted.has(userId) ? this.#followed.add(userId) : this.#followed.delete(userId));
    const again = (): void => {
      write();
      this.events.emit("missed", { from: this.#nodeId });
    };
    await this.#atStore(() => {
      if (random.next() < faults.storeFails) clock.after(AGAIN_MS, again);
      else write();
    });
    await waitBriefly(random);
  }

  #atStore(work: () => void): Promise<void> {
    this.#toStore = this.#toStore.then(() => waitBriefly(this.#world.random)).then(work);
    return this.#toStore;
  }

  #sendTo(to: (bus: SlowBus) => boolean, message: NodeMessage): void {
    const { random, faults } = this.#world;
    for (const node of this.#world.nodes) {
      if (node.nodeId === this.#nodeId || !to(node.bus)) continue;
      const lost = random.next() < faults.messageLost;
      const before = this.#ways.get(node.nodeId) ?? Promise.resolve();
      const way = before
        .then(() => waitBriefly(random))
        .then(() => {
          if (lost) node.bus.events.emit("missed", { from: this.#nodeId });
          else node.bus.events.emit("message", { from: this.#nodeId, message });
        });
      this.#ways.set(node.nodeId, way);
    }
  }

  compare(): void {}

  on<K extends keyof BusEvents>(event: K, listener: (event: BusEvents[K]) => void): () => void {
    return this.events.on(event, listener);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export class CallNode {
  readonly nodeId: string;
  readonly bus: SlowBus;
  readonly registry = new SessionRegistry();
  readonly events: Emitter<LifecycleEvents>;
  readonly directory: MemoryDirectory;
  readonly telephony: Telephony;
  readonly #world: CallWorld;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(world: CallWorld, nodeId: string) {
    this.nodeId = nodeId;
    this.#world = world;
    this.events = new Emitter((error) => world.errors.push(error));
    this.bus = new SlowBus(world, nodeId);
    this.directory = new MemoryDirectory(world.directory, nodeId);
    this.events.on("call_finished", ({ callId, outcome }) => world.finished.push({ callId, outcome }));
    this.events.on("call_store_failed", ({ operation, error }) =>
      world.failures.push(`${operation}: ${String(error)}`),
    );
    this.telephony = createTelephony({
      clock: world.clock,
      store: slowStore(world.calls, world.random, world.faults),
      directory: this.directory,
      bus: this.bus,
      registry: this.registry,
      blocks: { assertNone: () => undefined, find: () => undefined },
      events: this.events,
      ringTimeoutMs: RING_MS,
    });
  }

  async open(userId: string): Promise<Device> {
    const client = new Client();
    const session = sessionOf(userId, `s${this.#world.nextId()}`, client);
    this.registry.add(session);
    this.events.emit("opened", { session });
    await this.#write(() => this.directory.putSession(entryOf(session)));
    return { node: this, session, client };
  }

  /** Adopts a session of a node that has died. Its client has not reconnected yet. */
  async adopt({ node, session: { userId, id, epoch }, client }: Device): Promise<Device> {
    const session = sessionOf(userId, id, undefined, epoch + 1);
    this.registry.add(session);
    await this.#write(() => this.directory.putSession(entryOf(session)));
    this.events.emit("adopted", { session, fromNodeId: node.nodeId, isWritten: true });
    return { node: this, session, client };
  }

  /** Ends the session in the same steps as the reaper. */
  end({ session }: Device, reason: "left" | "disconnected" | "kicked" | "node_lost" = "disconnected"): void {
    if (!session.claim()) return;
    this.registry.remove(session);
    session.connection = undefined;
    session.markEnded();
    this.events.emit("ended", { session, reason, cause: undefined });
    void this.#write(() => this.directory.removeSession(session.id, session.epoch)).then(() =>
      this.events.emit("cleaned", { session, reason, result: "clean", attempts: 1, durationMs: 0 }),
    );
  }

  /** Another node has the session now: it ends here only. */
  giveUp({ session }: Device): void {
    if (!session.claim()) return;
    this.registry.remove(session);
    session.connection = undefined;
    session.markEnded();
    const over = { session, reason: "node_lost", givenUp: "handed_over" } as const;
    this.events.emit("ended", { ...over, cause: undefined });
    this.events.emit("cleaned", { ...over, result: "clean", attempts: 1, durationMs: 0 });
  }

  #write(write: () => Promise<unknown>): Promise<unknown> {
    this.#writing = this.#writing.then(() => waitBriefly(this.#world.random)).then(write);
    return this.#writing;
  }
}

/** A session, its client and the node that holds it. */
export interface Device {
  node: CallNode;
  session: Session;
  client: Client;
}

export class CallWorld {
  readonly clock = new ManualClock();
  readonly calls = new MemoryCalls(this.clock);
  readonly directory = new MemoryStore(this.clock);
  readonly random: Random;
  readonly faults: Faults = { storeFails: 0, storeMisses: 0.5, messageLost: 0 };
  readonly nodes: CallNode[] = [];
  readonly errors: unknown[] = [];
  readonly failures: string[] = [];
  /** The ends of calls that were counted. */
  readonly finished: { callId: string; outcome: CallOutcome }[] = [];
  #ids = 0;

  private constructor(random: Random) {
    this.random = random;
  }

  static async create(nodes: number, random: Random): Promise<CallWorld> {
    const world = new CallWorld(random);
    for (let n = 0; n < nodes; n += 1) {
      const node = new CallNode(world, `node-${n}`);
      world.nodes.push(node);
      await node.directory.register(`http://${node.nodeId}`);
    }
    return world;
  }

  nextId(): number {
    return ++this.#ids;
  }

  node(index: number): CallNode {
    const node = this.nodes[index];
    if (!node) throw new Error(`there is no node ${index}`);
    return node;
  }

  /** Waits until nothing happens any more. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn += 1) await this.clock.advance(0);
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map(({ telephony }) => telephony.close()));
  }
}

/** Starts a call, and returns its id; undefined when the call was refused. The device's client then believes that it rings. */
export async function start(device: Device, to: string): Promise<string | undefined> {
  const { node, session, client } = device;
  let started: string | undefined;
  try {
    await node.telephony.setup.start(
      { session, connection: client, to, kind: "audio", ringOffline: false },
      ({ callId }) => {
        started = callId;
        client.live.set(callId, "ringing");
      },
    );
  } catch {
    return undefined;
  }
  return started;
}

/** The error code of a request; `ok` when the request succeeded. */
export async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return "ok";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

export async function accept(device: Device, callId: string): Promise<string> {
  return refusal(
    device.node.telephony.setup.accept(device.session, callId, () => device.client.live.set(callId, "active")),
  );
}

/** Asks to end a call in one of three ways. When the request succeeds, the client believes that the call is over. */
export async function stop(device: Device, how: "decline" | "cancel" | "hangUp", callId: string): Promise<string> {
  const code = await refusal(device.node.telephony.teardown[how](device.session, callId));
  if (code === "ok") device.client.live.delete(callId);
  return code;
}

function sessionOf(userId: string, id: string, connection: Client | undefined, epoch = 1): Session {
  return new Session({
    id,
    identity: { userId, name: userId.toUpperCase(), rooms: undefined, calls: true, expiresAt: Infinity },
    tabId: "tab",
    openedAt: 0,
    now: 0,
    mono: 0,
    epoch,
    connection,
    resumeToken: TOKEN,
  });
}

function entryOf(session: Session) {
  const { id: sessionId, userId, epoch, name, tabId, openedAt, metadata } = session;
  const nothing = { roomId: undefined, joinedAt: undefined };
  return { sessionId, userId, epoch, name, tabId, openedAt, metadata, tokenHash: "", ...nothing };
}
