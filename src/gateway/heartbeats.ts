import type { LastseenError } from "@lastseen/protocol";
import { encodePong } from "@lastseen/protocol/codec";
import type { Clock } from "../kernel/clock.js";
import type { Visibility } from "../session/evidence.js";
import type { Liveness } from "../session/liveness.js";
import type { Session } from "../session/session.js";
import type { Beats } from "./beats.js";
import type { Connection } from "./connection.js";
import type { GatewayCounters } from "./counters.js";
import type { GatewayLog } from "./gateway-log.js";
import { refusalFor } from "./refusal-for.js";

const PONG = Buffer.from(encodePong(undefined));

/** Answers the pings of clients that have a session, and brings their signs of life to the sessions. */
export class Heartbeats {
  readonly #log: GatewayLog;
  readonly #clock: Clock;
  readonly #liveness: Liveness;
  readonly #beats: Pick<Beats, "termsFor">;
  readonly #counters: GatewayCounters;
  readonly #gap: (gapMs: number) => void;

  /** @param parts `gap`: told the time between a session's last sign of life and its heartbeat, milliseconds */
  constructor(parts: {
    log: GatewayLog;
    clock: Clock;
    liveness: Liveness;
    beats: Pick<Beats, "termsFor">;
    counters: GatewayCounters;
    gap: (gapMs: number) => void;
  }) {
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#liveness = parts.liveness;
    this.#beats = parts.beats;
    this.#counters = parts.counters;
    this.#gap = parts.gap;
  }

  /**
   * Answers a ping.
   *
   * @param visibility what the page said about itself with it
   * @returns why it is refused instead
   */
  answer(connection: Connection, session: Session, visibility?: Visibility): LastseenError | undefined {
    if (session.isTabBefore(connection)) {
      // It is answered, or the client would believe that its line is dead. It is no sign of life of the tab that has the session.
      connection.reply(PONG);
      return undefined;
    }
    const refusal = refusalFor(connection, session, this.#clock);
    if (refusal) return refusal;
    this.#counters.heartbeats += 1;
    connection.badRequests = 0;
    this.#log.trace({ userId: session.userId, sessionId: session.id }, "ping");
    const before = session.lastSeenMono;
    this.heard(session);
    const { lastSeenMono, isWatched, participation } = session;
    const gapMs = lastSeenMono - before;
    this.#gap(gapMs);
    const terms = connection.isPaced ? this.#beats.termsFor(isWatched, lastSeenMono, gapMs) : undefined;
    connection.reply(terms ? encodePong(participation?.roster.version, terms) : (participation?.roster.pong ?? PONG));
    if (visibility) this.#liveness.declaredVisibility(session, visibility);
    return undefined;
  }

  /**
   * Takes in a sign of life that is not answered. One of a tab that has lost the session is none.
   *
   * @returns why it is refused instead
   */
  note(connection: Connection, session: Session): LastseenError | undefined {
    if (session.isTabBefore(connection)) return undefined;
    const refusal = refusalFor(connection, session, this.#clock);
    if (refusal) return refusal;
    connection.badRequests = 0;
    this.heard(session);
    return undefined;
  }

  /** The client has sent a message. */
  heard(session: Session): void {
    session.heard();
    this.#liveness.heard(session);
  }
}
