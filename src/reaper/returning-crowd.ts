import type { Emitter } from "../kernel/emitter.js";
import type { VirtualTime } from "../kernel/virtual-time.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";

/** A crowd is at least so many sessions whose connections broke, */
const LEAST = 50;
/** and at least this share of all sessions. */
const SHARE = 0.1;
/** When nobody has come back for so long, nobody else is on the way. Between two attempts of TCP lie up to 16 s, but not for all. */
const QUIET_MS = 5_000;

/**
 * Notices that a crowd is on its way back, as after the restart of a proxy. All connect at once, and the last ones wait at the door of a
 * busy machine for longer than one client alone ever would. So while some come back, the others of the crowd may.
 */
export class ReturningCrowd {
  readonly #registry: SessionRegistry;
  readonly #time: VirtualTime;
  /** Sessions whose connection broke, or whose node died, and whose client has not come back. */
  readonly #waiting = new Set<Session>();
  #isCrowd = false;
  /** When the last one went or came, virtual milliseconds. */
  #lastMoveAt = -Infinity;

  constructor(parts: { registry: SessionRegistry; time: VirtualTime; events: Emitter<LifecycleEvents> }) {
    this.#registry = parts.registry;
    this.#time = parts.time;
    const { events } = parts;
    events.on("detached", ({ session, cause }) => {
      if (cause === "connection_lost") this.#went(session);
    });
    events.on("adopted", ({ session }) => this.#went(session));
    // Another tab brings its user back as well.
    for (const step of ["resumed", "transferred"] as const) {
      events.on(step, ({ session }) => {
        if (this.#waiting.delete(session)) this.#lastMoveAt = this.#time.now();
      });
    }
    events.on("ended", ({ session }) => this.#waiting.delete(session));
  }

  /** Whether clients whose grace is over may still be on their way. */
  get isReturning(): boolean {
    if (this.#time.now() - this.#lastMoveAt > QUIET_MS) this.#isCrowd = false;
    return this.#isCrowd;
  }

  #went(session: Session): void {
    this.#waiting.add(session);
    const { size } = this.#waiting;
    if (size < LEAST || size < this.#registry.size * SHARE) return;
    this.#isCrowd = true;
    this.#lastMoveAt = this.#time.now();
  }
}
