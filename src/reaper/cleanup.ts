import type { GhostCause, GivenUp, LeaveReason } from "@lastseen/protocol";
import type { Actor } from "../session/actor.js";
import type { Participation, Session } from "../session/session.js";

/**
 * One session's departure from its room, or from the service: what is left to do and how often it was tried. The cleanup
 * itself holds what it has to clean, so the session may join another room, or be forgotten, while a media worker is slow.
 */
export interface Cleanup {
  readonly session: Session;
  /** The stay in a room that ends; undefined when the session was in no room. */
  readonly participation: Participation | undefined;
  readonly scope: "room" | "session";
  readonly reason: LeaveReason;
  readonly cause: GhostCause | undefined;
  /** Set when another node goes on with the session. Then only what is left on this node is cleaned. */
  readonly givenUp: GivenUp | undefined;
  /** Who asked for it, when an operator did. */
  readonly by: Actor | undefined;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Steps that have not succeeded yet, in order. */
  pending: readonly CleanupStep[];
  attempts: number;
  /** A step could not see whether everything is gone. */
  isUnseen: boolean;
}

// oxlint-disable-next-line typescript/no-invalid-void-type -- most steps return nothing
export type StepResult = void | "unseen";

/**
 * One thing to do. A step may run more than once and must be idempotent. It throws or rejects when it did not succeed. When
 * a step fails, the next steps run all the same.
 */
export interface CleanupStep {
  readonly name: string;
  /** `room`: part of every departure; `session`: only when the session itself ends. */
  readonly scope: "room" | "session";
  /** @returns `unseen` when the step has done what it can, and cannot see whether that was all */
  run(cleanup: Cleanup): StepResult | Promise<StepResult>;
}
