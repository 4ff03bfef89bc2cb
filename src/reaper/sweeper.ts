/**
 * Finds ghosts. Two passes over the same books: the watch, several times a second, for short deadlines (a tab that
 * closed, a line that broke), and the sweep, every 30 s, for sessions that are silent although nothing else speaks
 * against them. Both only read; what they find goes to the reaper, paced.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { LeaveReason } from "@lastseen/protocol";
import type { LifecycleEvents } from "../session/events.js";
import type { Liveness } from "../session/liveness.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import type { Cause } from "../session/verdict.js";
import type { VirtualTime } from "../kernel/virtual-time.js";
import { HoldGuard } from "./hold-guard.js";
import type { Reaper } from "./reaper.js";
import type { SweepReport } from "./report.js";

/** How long a suspicious pass waits. */
export const HOLD_MS = 10_000;
/** Clients that hear nothing for so long give the line up and come back by themselves. */
const GIVEN_UP_AFTER_MS = 5_000;
/**
 * The longest that they are on their way back: a pause between two attempts, and an attempt. So long after a stall, and
 * never for longer past its deadline, a session is spared; a process that stalls again and again cannot spare anybody for
 * ever.
 */
export const COMEBACK_MS = 20_000;
/** What one watch does not announce is left to the next; time has to tick in between. */
const ADVANCE_MS = 200;
/** A pass gives the event loop back after so many reaps, or so many milliseconds. */
const SLICE = { sessions: 50, ms: 10 } as const;

export interface SweeperEvents {
  /** The process stood still; `lateMs` were credited to everybody. */
  stalled: { lateMs: number };
  /** A pass waits because too many fell due at once. */
  held: { pass: "watch" | "sweep"; due: number; total: number; holdMs: number };
  swept: SweepReport;
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
  }

  /** One watch pass: moves virtual time, announces who is away, reaps what is past a short deadline. */
  async watch(): Promise<void> {
    const lateMs = this.#time.tick();
    if (lateMs > 0) {
      this.#events.emit("stalled", { lateMs });
      if (lateMs >= GIVEN_UP_AFTER_MS) this.#comebackUntil = this.#time.now() + COMEBACK_MS;
      await this.#clock.pollPhase();
    }
    const found = await this.#advance();
    const ghosts = found.filter((session) => !this.#mayBeComingBack(session));
    if (!this.#mayReap("watch", this.#watchHold, ghosts.length) || this.#watchReaps) return;
    // Not awaited: time must go on ticking while a long row of ghosts is reaped slice by slice.
    this.#watchReaps = true;
    void this.#reap(ghosts).finally(() => (this.#watchReaps = false));
  }

  /**
   * One sweep: reaps who is past the idle timeout and tries stuck cleanups again.
   *
   * @param force an operator asked for it: nothing is held back
   */
  async sweep({ force = false } = {}): Promise<SweepReport> {
    const startedAt = this.#clock.mono();
    const at = this.#clock.wall();
    await this.#clock.pollPhase();
    const checked = this.#registry.size;
    const ghosts = force ? [...this.#liveness.advance(), ...this.#liveness.idle()] : this.#liveness.idle();
    const result = force || this.#mayReap("sweep", this.#sweepHold, ghosts.length) ? "completed" : "held";
    const { reaped, cleaned } = await this.#reap(result === "completed" ? ghosts : []);
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
    this.#events.emit("swept", report);
    return report;
  }

  /** Announces slice by slice, so that a crowd that goes away at once does not keep the others from being answered. */
  async #advance(): Promise<readonly Session[]> {
    const startedAt = this.#clock.mono();
    let ghosts = this.#liveness.advance(SLICE.sessions);
    while (this.#liveness.isBehind && this.#clock.mono() - startedAt < ADVANCE_MS) {
      await this.#clock.pollPhase();
      ghosts = this.#liveness.advance(SLICE.sessions);
    }
    return ghosts;
  }

  /** After a stall its client may have given up the line for want of an answer, and be about to open another one. */
  #mayBeComingBack({ verdict }: Session): boolean {
    if (!verdict || this.#time.now() >= this.#comebackUntil) return false;
    return -this.#liveness.untilDeadline(verdict) < COMEBACK_MS;
  }

  #mayReap(pass: "watch" | "sweep", guard: HoldGuard, due: number): boolean {
    const total = this.#registry.size;
    const decision = guard.decide(due, total, this.#time.now());
    if (decision === "began") this.#events.emit("held", { pass, due, total, holdMs: HOLD_MS });
    return decision === "go";
  }

  /** Claims the ghosts slice by slice; `cleaned` resolves when the first attempt at each is over. */
  async #reap(ghosts: readonly Session[]): Promise<{ reaped: string[]; cleaned: Promise<unknown> }> {
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
      // Asked again at the last moment: it may have been heard while others were reaped.
      const verdict = this.#liveness.review(session);
      if (verdict?.state !== "ghost") continue;
      this.#lifecycle.emit("ghost_found", { session, verdict });
      departures.push(this.#reaper.end(session, { reason: reasonFor(verdict.cause), cause: verdict.cause }));
      reaped.push(session.id);
      inSlice += 1;
    }
    return { reaped, cleaned: Promise.all(departures) };
  }
}

/** What the others are told about a ghost of this cause. */
function reasonFor(cause: Cause): LeaveReason {
  switch (cause) {
    case "silent":
    case "page_stopped":
      return "idle";
    case "token_expired":
      return "expired_token";
    case "node_lost":
      return "node_lost";
    case "heard":
    case "goodbye":
    case "page_closed":
    case "connection_lost":
    case "connection_and_media_lost":
      return "disconnected";
  }
}
