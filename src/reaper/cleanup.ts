import type { LeaveReason } from "@lastseen/protocol";
import type { GivenUp } from "../session/events.js";
import type { Participation, Session } from "../session/session.js";
import type { Cause } from "../session/verdict.js";

/**
 * One session's departure, from its room or altogether: what is still to be done and how often it was tried. It holds
 * what it has to clean itself, so the session may join another room, or be forgotten, while a worker is still slow.
 */
export interface Cleanup {
  readonly session: Session;
  /** The stay in a room that ends; undefined when the session was in none. */
  readonly participation: Participation | undefined;
  readonly scope: "room" | "session";
  readonly reason: LeaveReason;
  readonly cause: Cause | undefined;
  /** Another node goes on with the session; here only what it leaves behind is cleaned. */
  readonly givenUp: GivenUp | undefined;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Steps that have not succeeded yet, in order. */
  pending: readonly CleanupStep[];
  attempts: number;
}

/**
 * One thing to do. A step may run more than once and must then do nothing twice; it throws or rejects when it did not
 * succeed. A failing step never keeps the next from running.
 */
export interface CleanupStep {
  readonly name: string;
  /** `room`: part of every departure; `session`: only when the session itself ends. */
  readonly scope: "room" | "session";
  run(cleanup: Cleanup): void | Promise<void>;
}
