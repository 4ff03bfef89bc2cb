import type { Logger } from "pino";
import type { Config } from "../config/load.js";
import type { Clock } from "../kernel/clock.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import { Loops } from "./loops.js";
import type { Restart } from "./restart.js";
import type { Service } from "./service.js";
import { unfitError } from "./unfit.js";

/** Sets a service that is put together in motion, and stops it. */
export class Run {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #service: Service;
  readonly #restart: Restart | undefined;
  #stopping = false;

  constructor(parts: { config: Config; log: Logger; clock: Clock; service: Service; restart: Restart | undefined }) {
    this.#config = parts.config;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#service = parts.service;
    this.#restart = parts.restart;
  }

  /** Whether new clients may come: the service is not about to stop and does not hand its sessions over. */
  get isReady(): boolean {
    return !this.#stopping && !this.#service.cluster?.isDraining;
  }

  /**
   * Begins to look for ghosts and joins the other nodes, if there are any.
   *
   * @param disposals gets what stops the service, which takes up to `DRAIN_TIMEOUT_MS`
   * @throws ConfigError when another process has this node's name, or this version cannot read what is stored
   */
  async start(disposals: DisposalStack): Promise<void> {
    const { adoption, blocks, cluster } = this.#service;
    const { DRAIN_TIMEOUT_MS, NODE_ID, PUBLIC_URL } = this.#config;
    const kept = (await this.#restart?.restore()) ?? [];
    const loops = this.#createLoops();
    disposals.defer("loops", () => loops.close());
    loops.start();
    if (cluster && PUBLIC_URL === undefined) {
      this.#log.warn(
        "REDIS_URL without PUBLIC_URL: clients can't be sent to this node, and its rooms can't be joined elsewhere",
      );
    }
    await blocks.start();
    await adoption.adopt(kept, NODE_ID);
    const unfit = await cluster?.start();
    if (unfit) throw unfitError(unfit, this.#config);
    this.#service.clusterEvents.on("unfit", (found) => {
      this.#log.fatal({ reason: unfitError(found, this.#config).message }, "this process must not be a node any more");
    });
    disposals.defer("drain", async () => {
      this.#stopping = true;
      await cluster?.drain(DRAIN_TIMEOUT_MS);
      // Before any client is told to come back, so that no node sends a client here.
      if (cluster?.hasHeirs) await cluster.leave();
    });
  }

  #createLoops(): Loops {
    const { sweeper, reconciler, sockets, lookForSilence } = this.#service;
    return new Loops({
      clock: this.#clock,
      sweeper,
      reconciler,
      sockets,
      lookForSilence,
      sweepIntervalMs: this.#config.SWEEP_INTERVAL_MS,
      onError: (loop, error) => this.#log.error({ err: error }, `${loop} failed`),
    });
  }
}
