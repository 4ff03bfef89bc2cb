/**
 * Finds ghosts, in two kinds of passes. The watch runs several times a second and looks at the short deadlines (a tab closed,
 * a connection broke). The sweep runs every 30 s and looks for sessions that are silent while no other evidence is against
 * them. The sweeper gives what it finds to the reaper, slice by slice.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { GHOST_CAUSES } from "@lastseen/protocol";
import type { LifecycleEvents } from "../session/events.js";
import type { Liveness } from "../session/liveness.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Actor } from "../session/actor.js";
import type { Session } from "../session/session.js";
import type { VirtualTime } from "../kernel/virtual-time.js";
import { HoldGuard } from "./hold-guard.js";
import type { Reaper } from "./reaper.js";
import type { SweepReport } from "./report.js";
import { ReturningCrowd } from "./returning-crowd.js";

/** How long a suspicious pass waits. */
export const HOLD_MS = 10_000;
/** A client that hears nothing for so long closes its connection and opens another one. */
const GIVEN_UP_AFTER_MS = 5_000;
/**
 * The longest that such a client takes to come back: one pause between two attempts, and one attempt. For so long after a
 * stall, and while a crowd comes back, the watch spares a session, but never longer than this past its deadline. So a process that stalls again and again
 * does not keep a ghost for ever.
 */
export const COMEBACK_MS = 20_000;
/** When the last watch was longer ago, the process was busy. */
export const BUSY_MS = 500;
/** A watch that takes longer leaves the remaining sessions to the next watch, because virtual time has to tick in between. */
const ADVANCE_MS = 200;
/** After so many reaps, or so many milliseconds, a pass lets the event loop do other work. */
const SLICE = { sessions: 50, ms: 10 } as const;

export interface SweeperEvents {
  /** The process stood still. Every session was credited `lateMs`. */
  stalled: { lateMs: number };
  /** A pass waits because too many sessions fell due at once. */
  held: { pass: "watch" | "sweep"; due: number; total: number; holdMs: number };
  swept: SweepReport & { by?: Actor };
}

export class Sweeper {
  readonly #clock: Clock;
  readonly #time: VirtualTime;
  readonly #registry: SessionRegistry;
  readonly #liveness: Liveness;
  readonly #reaper: Reaper;
  readonly #lifecycle: Emitter<LifecycleEvents>;
  readonly #events: Emitter<SweeperEvents>;
  readonly #watchHold = new HoldGuard(HOLD_MS);
  readonly #sweepHold = new HoldGuard(HOLD_MS);
  readonly #crowd: ReturningCrowd;
  #watchReaps = false;
  /** Virtual milliseconds until which clients may be on their way back after a stall of this process. */
  #comebackUntil = -Infinity;

  constructor(options: {
    clock: Clock;
    time: VirtualTime;
    registry: SessionRegistry;
    liveness: Liveness;
    reaper: Reaper;
    lifecycle: Emitter<LifecycleEvents>;
    events: Emitter<SweeperEvents>;
  }) {
    this.#clock = options.clock;
    this.#time = options.time;
    this.#registry = options.registry;
    this.#liveness = options.liveness;
    this.#reaper = options.reaper;
    this.#lifecycle = options.lifecycle;
    this.#events = options.events;
    this.#crowd = new ReturningCrowd({ registry: this.#registry, time: this.#time, events: this.#lifecycle });
  }

  /** One watch: moves virtual time on, announces who is away, and reaps the sessions past a short deadline. */
  async watch(): Promise<void> {
    const lateMs = this.#time.tick();
    if (lateMs > 0) this.#events.emit("stalled", { lateMs });
    if (lateMs >= GIVEN_UP_AFTER_MS) this.#comebackUntil = this.#time.now() + COMEBACK_MS;
    // What came while this process was busy is read before anybody is judged.
    if (this.#time.stepMs > BUSY_MS) await this.#clock.pollPhase();
    const found = await this.#advance();
    const ghosts = found.filter((session) => !this.#mayBeComingBack(session));
    if (!this.#mayReap("watch", this.#watchHold, ghosts.length) || this.#watchReaps) return;
    // Not awaited: virtual time must go on while many ghosts are reaped slice by slice.
    this.#watchReaps = true;
    void this.#reap(ghosts).finally(() => (this.#watchReaps = false));
  }

  /**
   * One sweep: reaps the sessions past the idle timeout and tries stuck cleanups again.
   *
   * @param force an operator asked for it: the sweep also reaps the ghosts of the watch, and the hold guard is not asked
   * @param by who asked for it
   */
  async sweep({ force = false, by }: { force?: boolean; by?: Actor } = {}): Promise<SweepReport> {
    const startedAt = this.#clock.mono();
    const at = this.#clock.wall();
    await this.#clock.pollPhase();
    const checked = this.#registry.size;
    const ghosts = force ? [...this.#liveness.advance(), ...this.#liveness.idle()] : this.#liveness.idle();
    const result = force || this.#mayReap("sweep", this.#sweepHold, ghosts.length) ? "completed" : "held";
    const { reaped, cleaned } = await this.#reap(result === "completed" ? ghosts : [], by);
    await cleaned;
    const stuckRetried = await this.#reaper.retryStuck();
    const report: SweepReport = {
      at,
      result,
      checked,
      ghosts: ghosts.length,
      reaped,
      stuckRetried,
      durationMs: this.#clock.mono() - startedAt,
    };
    this.#events.emit("swept", by ? { ...report, by } : report);
    return report;
  }

  /** Announces slice by slice. When many sessions go away at once, the service still answers the others in between. */
  async #advance(): Promise<readonly Session[]> {
    const startedAt = this.#clock.mono();
    let ghosts = this.#liveness.advance(SLICE.sessions);
    while (this.#liveness.isBehind && this.#clock.mono() - startedAt < ADVANCE_MS) {
      await this.#clock.pollPhase();
      ghosts = this.#liveness.advance(SLICE.sessions);
    }
    return ghosts;
  }

  /**
   * After a stall, a client may have closed its connection because no answer came, and may be opening another one. In a crowd it may
   * wait at the door. A page that went away by itself is not on its way back.
   */
  #mayBeComingBack({ verdict }: Session): boolean {
    if (!verdict || (this.#time.now() >= this.#comebackUntil && !this.#crowd.isReturning)) return false;
    if (verdict.cause === "page_closed" || verdict.cause === "goodbye") return false;
    return -this.#liveness.untilDeadline(verdict) < COMEBACK_MS;
  }

  #mayReap(pass: "watch" | "sweep", guard: HoldGuard, due: number): boolean {
    const total = this.#registry.size;
    const decision = guard.decide(due, total, this.#time.now());
    if (decision === "began") this.#events.emit("held", { pass, due, total, holdMs: HOLD_MS });
    return decision === "go";
  }

  /** Ends the ghosts slice by slice. `cleaned` resolves when the first cleanup attempt of each is over. */
  async #reap(ghosts: readonly Session[], by?: Actor): Promise<{ reaped: string[]; cleaned: Promise<unknown> }> {
    const reaped: string[] = [];
    const departures: Promise<boolean>[] = [];
    let sliceStartedAt = this.#clock.mono();
    let inSlice = 0;
    for (const session of ghosts) {
      if (inSlice >= SLICE.sessions || this.#clock.mono() - sliceStartedAt >= SLICE.ms) {
        await this.#clock.pollPhase();
        sliceStartedAt = this.#clock.mono();
        inSlice = 0;
      }
      // Judged again at the last moment: the session may have been heard while others were reaped.
      const verdict = this.#liveness.review(session);
      if (verdict?.state !== "ghost") continue;
      this.#lifecycle.emit("ghost_found", { session, verdict });
      const { cause } = verdict;
      departures.push(this.#reaper.end(session, { reason: GHOST_CAUSES[cause].leavesAs, cause, by }));
      reaped.push(session.id);
      inSlice += 1;
    }
    return { reaped, cleaned: Promise.all(departures) };
  }
}
