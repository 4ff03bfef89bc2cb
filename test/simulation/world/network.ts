import { PLAIN, type Happening, type World } from "./world.js";

/** Latency of most packets, in milliseconds. `SLOW` is the latency of the rare slow ones. */
const LATENCY = { least: 5, most: 60 } as const;
const SLOW = { chance: 0.002, least: 300, most: 2_500 } as const;
/** The longest wait of TCP before a retransmission that matters here: a page does not wait longer. */
const RETRANSMIT_MS = 4_000;

/** A machine's network path to the service. While it is down nothing arrives, and neither end learns it. */
export class Network {
  readonly #world: World;
  readonly #pipes = new Set<Pipe>();
  #up = true;
  #downSince = 0;
  /** The most that every packet is delayed in addition, in milliseconds. */
  #extraMs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get up(): boolean {
    return this.#up;
  }

  goDown(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#downSince = this.#world.now.at;
  }

  /** The network is up again. Packets that were sent meanwhile on open connections arrive late, as after a retransmission. */
  comeUp(): void {
    if (this.#up) return;
    this.#up = true;
    const outage = this.#world.now.at - this.#downSince;
    const wait = this.#world.between(10, Math.min(RETRANSMIT_MS, 200 + outage / 2));
    for (const pipe of this.#pipes) pipe.flush(wait);
  }

  /** Delays every packet by up to this time in addition. */
  slowDown(extraMs: number): void {
    this.#extraMs = extraMs;
  }

  /** Kills all present connections without notice to either end. New connections work. */
  cut(): void {
    for (const pipe of this.#pipes) pipe.close();
  }

  latency(): number {
    const { most, least } = this.#world.chance(SLOW.chance) ? SLOW : LATENCY;
    const extraMs = this.#extraMs > 0 ? this.#world.between(0, this.#extraMs) : 0;
    return this.#world.between(least, most) + extraMs;
  }

  attach(pipe: Pipe): void {
    this.#pipes.add(pipe);
  }

  detach(pipe: Pipe): void {
    this.#pipes.delete(pipe);
  }
}

/** One direction of one TCP connection. Packets arrive at the other end later and in order. */
export class Pipe {
  readonly #world: World;
  readonly #network: Network;
  readonly #arrive: (at: number, run: Happening) => void;
  #held: Happening[] = [];
  #lastAt = 0;
  #closed = false;
  /** Number of packets under way. */
  flying = 0;

  /** @param arrive schedules the arrival at the other end */
  constructor(world: World, network: Network, arrive: (at: number, run: Happening) => void) {
    this.#world = world;
    this.#network = network;
    this.#arrive = arrive;
    network.attach(this);
  }

  /** Whether no packet passes any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  send(run: Happening): void {
    if (this.#closed) return;
    this.flying += 1;
    if (this.#network.up && this.#held.length === 0) this.#dispatch(run, this.#network.latency());
    else this.#held.push(run);
  }

  /** Whether a packet that is sent now takes seconds. */
  get isDelayed(): boolean {
    return this.#lastAt - this.#world.now.at > 1_000;
  }

  /** From now on, packets arrive after this time at the earliest. */
  delay(ms: number): void {
    this.#lastAt = Math.max(this.#lastAt, this.#world.now.at + ms);
  }

  /** The network is up again: what was held back goes on its way after `wait`. */
  flush(wait: number): void {
    const held = this.#held;
    this.#held = [];
    for (const run of held) this.#dispatch(run, wait);
  }

  /** Both ends are closed, or one of them is out of reach. Packets under way are lost. */
  close(): void {
    this.#closed = true;
    this.#held = [];
    this.#network.detach(this);
  }

  #dispatch(run: Happening, wait: number): void {
    this.#lastAt = Math.max(this.#lastAt, this.#world.now.at + wait);
    this.#arrive(this.#lastAt, () => {
      this.flying -= 1;
      return this.#closed ? PLAIN : run();
    });
  }
}
