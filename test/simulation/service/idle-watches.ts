import type { Clock } from "../../../src/kernel/clock.js";
import { WATCH_INTERVAL_MS } from "../../../src/composition/loops.js";
import { BUSY_MS } from "../../../src/reaper/sweeper.js";
import type { Service } from "../../../src/composition/service.js";
import type { EventLoop } from "../world/event-loop.js";
import type { PulseWatcher } from "../world/pulse.js";
import type { World } from "../world/world.js";
import type { SimulatedMediaPlane } from "./media-plane.js";
import type { WatchedSockets } from "./watched-sockets.js";

/**
 * Leaves out watches that would do nothing. A watch that is on time and finds no due entry in any list only moves virtual
 * time. If the watch before found no ghosts, it does not even end a hold. So leaving it out changes nothing.
 */
export class IdleWatches implements PulseWatcher {
  readonly #world: World;
  readonly #loop: EventLoop;
  readonly #service: Service;
  readonly #sockets: WatchedSockets;
  readonly #media: SimulatedMediaPlane;
  readonly #everyWatch: boolean;
  /** Whether the last watch may have found ghosts. */
  #mayHaveGhosts = true;
  #tickedAt = 0;
  readonly #nextDue = { at: 0, step: -1 };
  /** By the monotonic clock, unlike the deadlines. */
  #nextSilenceAt = 0;

  /** @param parts `everyWatch`: runs every watch */
  constructor(parts: {
    world: World;
    loop: EventLoop;
    service: Service;
    sockets: WatchedSockets;
    media: SimulatedMediaPlane;
    everyWatch: boolean;
  }) {
    this.#world = parts.world;
    this.#loop = parts.loop;
    this.#service = parts.service;
    this.#sockets = parts.sockets;
    this.#media = parts.media;
    this.#everyWatch = parts.everyWatch;
  }

  /** The clock for the loops of the service. */
  get clock(): Clock {
    return this.#loop.pulse(WATCH_INTERVAL_MS, this);
  }

  runs(): void {
    this.#mayHaveGhosts = this.#nextGhostAt() <= this.#service.time.now();
    this.#tickedAt = this.#loop.mono();
  }

  skip(): boolean {
    const { time } = this.#service;
    const now = this.#loop.mono();
    if (this.#everyWatch || this.#mayHaveGhosts || now - this.#tickedAt > BUSY_MS) return false;
    // Only an event sets or moves a deadline.
    if (this.#nextDue.step !== this.#world.steps) {
      this.#nextDue.at = Math.min(this.#sockets.nextDueAt, this.#nextGhostAt());
      this.#nextSilenceAt = this.#media.nextSilenceAt(this.#service.pace.silenceMs);
      this.#nextDue.step = this.#world.steps;
    }
    if (this.#nextDue.at <= time.now() || this.#nextSilenceAt <= now) return false;
    time.tick();
    this.#tickedAt = now;
    return true;
  }

  #nextGhostAt(): number {
    let at = Infinity;
    for (const { expiry } of this.#service.registry.all()) if (expiry.list && expiry.dueAt < at) at = expiry.dueAt;
    return at;
  }
}
