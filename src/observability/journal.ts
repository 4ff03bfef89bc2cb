/**
 * Writes each step of a session's life twice, in the same words: as a log line and into its timeline. The journal listens to
 * the lifecycle events. Nothing else logs about sessions.
 */
import type { Logger } from "pino";
import { briefOf, type EndReason, type TimelineStep } from "@lastseen/protocol";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { LogQuota } from "../kernel/log-quota.js";
import type { SweeperEvents } from "../reaper/sweeper.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Liveness } from "../session/liveness.js";
import type { Session } from "../session/session.js";
import type { StepDetails } from "./step-details.js";
import type { Timeline, TimelineEntry } from "./timeline.js";

const VERIFIED = "cleanup verified";

type Level = "debug" | "info" | "warn" | "error";

export class Journal {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #liveness: Liveness;
  readonly #timeline: Timeline;
  readonly #nodeId: string;
  /** The room that a closing session was in. */
  readonly #lastRooms = new WeakMap<Session, string>();
  /** Sessions that this node has handed over. Their last steps here are at `debug` while all is well. */
  readonly #handedOver = new WeakSet<Session>();
  /** By user: a client can try to resume again and again on one socket. */
  readonly #refusedResumes = new LogQuota({ most: 20 });

  constructor(options: { log: Logger; clock: Clock; liveness: Liveness; timeline: Timeline; nodeId: string }) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#liveness = options.liveness;
    this.#timeline = options.timeline;
    this.#nodeId = options.nodeId;
  }

  follow(lifecycle: Emitter<LifecycleEvents>, sweeper: Emitter<SweeperEvents>): void {
    lifecycle.on("opened", ({ session }) => this.#step("info", session, "session opened", { tabId: session.tabId }));
    lifecycle.on("resumed", ({ session, replaced, mediaReset }) =>
      this.#step("info", session, "session resumed", { epoch: session.epoch, replaced, mediaReset }),
    );
    lifecycle.on("adopted", ({ session, fromNodeId }) => {
      this.#timeline.reopen(session.id);
      this.#step("info", session, "session adopted", {
        epoch: session.epoch,
        // The node that handed the session over wrote this node's id into its entry before.
        ...(fromNodeId === this.#nodeId ? {} : { fromNodeId }),
      });
    });
    lifecycle.on("held_again", ({ session }) =>
      this.#step("info", session, "session held again", { epoch: session.epoch }),
    );
    lifecycle.on("given_up", ({ session, why, by }) => {
      if (why === "handed_over") this.#handedOver.add(session);
      this.#step(why === "fenced" ? "warn" : "info", session, "session given up", {
        epoch: session.epoch,
        reason: why,
        ...(by ? { by } : {}),
      });
    });
    lifecycle.on("resume_refused", ({ sessionId, userId, why }) => {
      const leftOut = this.#refusedResumes.take(userId, this.#clock.mono());
      if (leftOut === undefined) return;
      this.#log.info({ sessionId, userId, reason: why, ...(leftOut > 0 ? { leftOut } : {}) }, "resume refused");
    });
    lifecycle.on("joined", ({ session }) => this.#step("info", session, "joined room", {}));
    lifecycle.on("transferred", ({ session, fromTabId }) =>
      this.#step("info", session, "session transferred", {
        fromTabId,
        toTabId: session.tabId,
        epoch: session.epoch,
      }),
    );
    lifecycle.on("renamed", ({ session }) => this.#step("info", session, "name changed", { name: session.name }));
    lifecycle.on("transfer_refused", ({ session, why }) =>
      this.#step("warn", session, "transfer refused", { reason: why }),
    );
    lifecycle.on("detached", ({ session, closeCode, cause }) =>
      this.#step(this.#handedOver.has(session) ? "debug" : "info", session, "socket ended", {
        closeCode,
        reason: cause,
      }),
    );
    lifecycle.on("away", ({ session, cause }) => this.#step("info", session, "away", { reason: cause }));
    lifecycle.on("back", ({ session, cause }) => this.#step("info", session, "back", { reason: cause }));
    lifecycle.on("ghost_found", ({ session, verdict }) =>
      this.#step("info", session, "ghost found", {
        reason: verdict.cause,
        evidence: briefOf(this.#liveness.report(session), Math.round(this.#clock.wall())),
      }),
    );
    lifecycle.on("left", ({ session, roomId, reason, cause, sinceLastSignMs, givenUp, by }) => {
      if (session.status !== "open") this.#lastRooms.set(session, roomId);
      if (givenUp) return;
      const detail = { roomId, reason, cause, sinceLastSignMs: Math.round(sinceLastSignMs), ...(by ? { by } : {}) };
      this.#step("info", session, "left room", detail);
    });
    lifecycle.on("ended", ({ session, reason, cause, givenUp, by }) => {
      if (!givenUp)
        this.#step("info", session, "session ended", {
          reason,
          cause,
          evidence: session.conclusion?.evidence,
          ...(by ? { by } : {}),
        });
      this.#conclude(session, givenUp ?? reason);
    });
    lifecycle.on("cleanup_failed", ({ session, step, attempt, error }) =>
      this.#step("warn", session, "cleanup step failed", { step, attempt }, error),
    );
    lifecycle.on("cleaned", ({ session, reason, result, attempts, durationMs, givenUp }) => {
      const usual = givenUp === "handed_over" ? "debug" : "info";
      const level = { clean: usual, retried: "warn", unseen: "info", stuck: "error" } as const;
      const step = { clean: VERIFIED, retried: VERIFIED, unseen: "cleanup unseen", stuck: "cleanup stuck" } as const;
      const detail = { reason: givenUp ?? reason, result, attempts, durationMs: Math.round(durationMs) };
      this.#step(level[result], session, step[result], detail);
      if (session.status === "ended") this.#timeline.markEnded(session.id, this.#clock.wall());
    });
    this.#followBlocks(lifecycle);
    this.#followDirectory(lifecycle);
    this.#followCalls(lifecycle);
    this.#followSweeps(sweeper);
  }

  #followBlocks(lifecycle: Emitter<LifecycleEvents>): void {
    lifecycle.on("user_blocked", ({ block: { userId, roomId, expiresAt, by } }) =>
      this.#log.info({ userId, roomId, expiresAt, by }, "block set"),
    );
    lifecycle.on("user_unblocked", (fields) => this.#log.info(fields, "block lifted"));
    lifecycle.on("session_blocked", ({ session, block: { roomId, expiresAt, by } }) =>
      this.#step("info", session, "user blocked", { ...(roomId === undefined ? {} : { roomId }), expiresAt, by }),
    );
    let isFailing = false;
    lifecycle.on("block_list_failed", ({ error }) => {
      this.#log[isFailing ? "debug" : "warn"]({ err: error }, "the list of blocks could not be read");
      isFailing = true;
    });
    lifecycle.on("block_list_recovered", (fields) => {
      isFailing = false;
      this.#log.info(fields, "the list of blocks was read again");
    });
  }

  /** While the directory fails, every session that comes or goes is concerned: each timeline tells it, the log only once. */
  #followDirectory(lifecycle: Emitter<LifecycleEvents>): void {
    let isFailing = false;
    lifecycle.on("directory_failed", ({ session, error }) => {
      this.#step(isFailing ? "debug" : "warn", session, "directory not written", {}, error);
      isFailing = true;
    });
    lifecycle.on("directory_recovered", (fields) => {
      isFailing = false;
      this.#log.info(fields, "directory written again");
    });
  }

  #followCalls(lifecycle: Emitter<LifecycleEvents>): void {
    lifecycle.on("call_step", (event) => {
      const { session, callId, peer } = event;
      if (event.step === "call over") {
        const { reason, wasRinging } = event;
        this.#step("info", session, event.step, { callId, peer, reason, wasRinging });
      } else {
        this.#step("info", session, event.step, { callId, peer, kind: event.kind });
      }
    });
    lifecycle.on("call_ringing", ({ call: { callId, caller, callee } }) =>
      this.#log.info({ callId, userId: caller.userId, peer: callee.userId }, "call rings for an unreachable user"),
    );
    lifecycle.on("call_refused", ({ session, to, outcome }) =>
      this.#step("info", session, "call refused", { peer: to, reason: outcome }),
    );
    let isFailing = false;
    lifecycle.on("call_store_failed", ({ operation, error }) => {
      this.#log[isFailing ? "debug" : "warn"]({ operation, err: error }, "the store of the calls could not be asked");
      isFailing = true;
    });
    lifecycle.on("call_store_recovered", (fields) => {
      isFailing = false;
      this.#log.info(fields, "the store of the calls answers again");
    });
  }

  #followSweeps(sweeper: Emitter<SweeperEvents>): void {
    sweeper.on("stalled", ({ lateMs }) => {
      const level = lateMs >= 1_000 ? "warn" : "debug";
      this.#log[level]({ lateMs: Math.round(lateMs) }, "the process stood still; everybody is credited that time");
    });
    sweeper.on("held", (fields) =>
      this.#log.warn(fields, "too many sessions fell due at once; waiting once before reaping"),
    );
    sweeper.on("swept", ({ reaped, ...fields }) => {
      const level = fields.ghosts > 0 || fields.stuckRetried > 0 || fields.by ? "info" : "debug";
      this.#log[level]({ ...fields, reaped: reaped.length, durationMs: Math.round(fields.durationMs) }, "sweep");
    });
  }

  #step<S extends TimelineStep>(
    level: Level,
    session: Session,
    step: S,
    detail: StepDetails[S],
    error?: unknown,
  ): void {
    const { userId, id: sessionId } = session;
    const roomId = session.participation?.roster.id;
    const fields: object = { userId, roomId, sessionId, ...detail, ...(error === undefined ? {} : { err: error }) };
    this.#log[level](fields, step);
    const where = roomId === undefined ? detail : { roomId, ...detail };
    const entry: TimelineEntry<S> = {
      at: this.#clock.wall(),
      step,
      detail: error instanceof Error ? { ...where, error: error.message } : where,
    };
    this.#timeline.record(sessionId, entry);
  }

  #conclude(session: Session, reason: EndReason): void {
    const { id, userId, name, tabId, epoch, openedAt, metadata, conclusion } = session;
    if (!conclusion) return;
    const roomId = this.#lastRooms.get(session);
    const at = this.#clock.wall();
    this.#timeline.conclude({ id, userId, name, tabId, epoch, openedAt, metadata, roomId, reason, conclusion, at });
  }
}
