import { Attempt, EXPLAIN_SHARE, type AttemptEnd, type AttemptListener } from "./attempt.js";
import type { Environment } from "./environment.js";
import { Explainer } from "./explainer.js";
import type { Greeter } from "./greeter.js";
import type { Heartbeat } from "./heartbeat.js";
import type { ReconnectTimer } from "./reconnect-timer.js";
import type { Route } from "./route.js";
import { Scout } from "./scout.js";

/** How long finding out why a socket did not open may take; less while a session can be lost. */
const EXPLAIN_MS = 3_000;
/** An attempt that is younger already uses the new network. */
const SAME_MOMENT_MS = 500;

interface Parts {
  readonly environment: Environment;
  readonly greeter: Greeter;
  readonly route: Route;
  readonly reconnect: ReconnectTimer;
  readonly heartbeat: Heartbeat;
  readonly listener: Pick<AttemptListener, "onConnected" | "onMessage" | "onEnd">;
}

/** The attempts to connect, one at a time, and how long each may take. */
export class Attempts {
  readonly #parts: Parts;
  readonly #explainer: Explainer;
  readonly #scout: Scout;
  #current: Attempt | undefined;
  /** How long the last successful attempt took. */
  #usualMs = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#explainer = new Explainer(parts.environment);
    this.#scout = new Scout(parts.environment);
  }

  /** The attempt that is going on, or the connection that it led to. */
  get current(): Attempt | undefined {
    return this.#current;
  }

  begin(): void {
    const { environment, greeter, route, reconnect, heartbeat, listener } = this.#parts;
    // The network may have become slow after the last attempt.
    const usualMs = Math.max(this.#usualMs, heartbeat.rttMs);
    // A user who has to sign in again takes the time that it takes.
    const limitMs = greeter.isRefused ? Infinity : reconnect.attemptLimitMs(usualMs);
    const explainMs = Math.min(EXPLAIN_MS, limitMs * EXPLAIN_SHARE);
    const explain = () => this.#explainer.explain(route.httpUrl, explainMs);
    // The socket needs its share of the time, too.
    const isServiceThere = () => this.#scout.ask(route.httpUrl, (limitMs - explainMs) / 2);
    const onEnd = (end: AttemptEnd) => {
      this.#scout.tried(end.kind !== "retry" || end.cause !== "connect_failed");
      listener.onEnd(end);
    };
    const attempt = new Attempt(environment, greeter, { ...listener, onEnd, isServiceThere, explain }, limitMs);
    this.#current = attempt;
    void attempt.open(route.socketUrl);
  }

  /** There is another network: an attempt that waits for an answer by the old one begins again. @returns whether one did */
  beginAgain(): boolean {
    const attempt = this.#current;
    if (!attempt?.isDialing || attempt.ageMs <= SAME_MOMENT_MS) return false;
    attempt.abandon();
    this.begin();
    return true;
  }

  /** The service has answered the hello. */
  succeeded(): void {
    this.#usualMs = this.#current?.ageMs ?? 0;
    this.#scout.tried(true);
  }

  /** Ends the attempt, or its connection, but not the session. */
  end(end: AttemptEnd): void {
    this.#current?.end(end);
  }

  /** The attempt, or its connection, has ended. */
  ended(): void {
    this.#current = undefined;
  }

  /** Leaves no socket, timer or question behind. */
  close(): void {
    this.#explainer.cancel();
    this.#scout.cancel();
    this.#current?.close();
    this.#current = undefined;
  }
}
