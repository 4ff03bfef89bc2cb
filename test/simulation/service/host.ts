import type { Authenticate } from "../../../src/gateway/authenticate.js";
import type { DuplicatePolicy } from "../../../src/room/duplicates.js";
import { Checks } from "../checks/checks.js";
import { checkClosed, checkTimers } from "../checks/closed.js";
import { Ledger } from "../checks/ledger.js";
import type { Scene } from "../checks/scene.js";
import { followLifecycle } from "../follow-lifecycle.js";
import type { CallEnding } from "../people/page-calls.js";
import type { Page } from "../people/page.js";
import type { Peer } from "../world/peer.js";
import { ServiceNode, type NodeVariants } from "./node.js";
import type { RoomSizes } from "./settings.js";

const RESTART_MS = { least: 300, most: 8_000 } as const;
/** The checks look at a closed process for this time. A timer that does nothing may run for as long. */
const AFTERLIFE_MS = 20_000;

export interface HostOptions {
  readonly name: string;
  readonly scene: Scene;
  readonly peers: ReadonlyMap<string, Peer>;
  readonly multiTabPolicy: DuplicatePolicy;
  readonly roomSizes: RoomSizes;
  readonly authenticate: Authenticate | undefined;
  readonly variants: NodeVariants;
  readonly everyWatch: boolean;
}

/**
 * A machine that runs the service, one process at a time. It starts a new process when the last one has ended. Each process
 * has its own checks.
 */
export class Host {
  readonly name: string;
  readonly #options: HostOptions;
  readonly #scene: Scene;
  #node: ServiceNode | undefined;
  #checks: Checks | undefined;
  #closing = false;
  #retired = false;
  #processes = 0;
  #wallOffset = 1_700_000_000_000;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#scene = options.scene;
    this.name = options.name;
  }

  /** The process, including one that is stopping. */
  get node(): ServiceNode | undefined {
    return this.#node;
  }

  /** The process, if it takes connections. */
  get listening(): ServiceNode | undefined {
    return this.#closing ? undefined : this.#node;
  }

  get wallOffset(): number {
    return this.#node?.loop.wallOffset ?? this.#wallOffset;
  }

  start(): void {
    const { scene, ...options } = this.#options;
    const ledger = new Ledger(scene);
    const node = new ServiceNode({
      ...options,
      world: scene.world,
      name: `${this.name} ${++this.#processes}`,
      witness: ledger,
      wallOffset: this.#wallOffset,
      orphanClosed: () => scene.count("service", "closed an orphan"),
      unexpected: (what, error) => scene.fail("error", `${what}: ${String(error)}`),
    });
    this.#checks = new Checks(scene, ledger, node);
    followLifecycle(node, scene);
    this.#node = node;
    scene.world.loops.add(node.loop);
    scene.note(node.name, "is up");
  }

  /** Ends the process, on a signal or by killing it, and starts another one. */
  restart(properly: boolean): void {
    const node = this.listening;
    if (!node) return;
    if (properly) {
      this.#stop(node);
      return;
    }
    node.crash();
    this.#scene.world.loops.delete(node.loop);
    this.#gone(node);
  }

  /** Ends the process on a signal, and for good. */
  retire(): void {
    this.#retired = true;
    const node = this.listening;
    if (node) this.#stop(node);
  }

  /** Runs the checks that are quick enough for every step. */
  afterStep(): void {
    if (!this.#closing) this.#checks?.afterStep();
  }

  /** Runs the checks that take longer. */
  everySecond(): void {
    if (!this.#closing) this.#checks?.everySecond();
  }

  /** Call this when what a page shows of its room has changed. */
  viewChanged(page: Page): void {
    this.#checks?.viewChanged(page);
  }

  /** Call this when a page has seen the end of a call. */
  callEnded(ending: CallEnding): void {
    if (!this.#closing) this.#checks?.callEnded(ending);
  }

  /** Runs the checks for the rest, when everything had time to finish. */
  async atRest(): Promise<void> {
    await this.#checks?.atRest();
  }

  #stop(node: ServiceNode): void {
    this.#closing = true;
    node
      .close()
      .then(() => checkClosed(node, this.#scene))
      .then(() => {
        this.#scene.world.after(AFTERLIFE_MS, () => this.#bury(node));
        this.#gone(node);
      })
      .catch((error: unknown) => this.#scene.fail("error", `close: ${String(error)}`));
  }

  #gone(node: ServiceNode): void {
    const { world, note } = this.#scene;
    note(node.name, "is gone");
    this.#wallOffset = node.loop.wallOffset;
    this.#node = undefined;
    this.#checks = undefined;
    this.#closing = false;
    world.after(world.between(RESTART_MS.least, RESTART_MS.most), () => {
      if (!this.#retired) this.start();
    });
  }

  #bury(node: ServiceNode): void {
    checkTimers(node, this.#scene);
    this.#scene.world.loops.delete(node.loop);
  }
}
