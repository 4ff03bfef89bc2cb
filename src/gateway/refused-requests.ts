/**
 * What happens to a request that the service does not carry out: it is counted and logged, its client is told why, and a client
 * that sends nothing but wrong requests is closed.
 */
import { ENVELOPE_CHARACTERS, envelopeOf, findEnvelope, SMALL_FRAME, type Envelope } from "@lastseen/protocol/codec";
import { ERRORS, LastseenError, LIMITS } from "@lastseen/protocol";
import { LogQuota } from "../kernel/log-quota.js";
import type { Connection } from "./connection.js";
import type { GatewayCounters } from "./counters.js";
import type { GatewayLog } from "./gateway-log.js";

/** So many refused requests of one session, of one address without a session, or for one reason in the service are logged in a minute. */
const MOST_LINES = 20;
/** So many of the lines for one reason are about one user, or one address without a session, so that some are left for the others. */
const MOST_OF_ONE = 5;

type Level = (typeof ERRORS)[keyof typeof ERRORS]["level"];

export class RefusedRequests {
  readonly #log: GatewayLog;
  readonly #now: () => number;
  readonly #counters: GatewayCounters;
  readonly #lines = new LogQuota({ most: MOST_LINES });
  readonly #ownLines = new LogQuota({ most: MOST_LINES });
  readonly #ownLinesOfOne = new LogQuota({ most: MOST_OF_ONE });

  /** @param parts `now`: monotonic milliseconds */
  constructor(parts: { log: GatewayLog; now: () => number; counters: GatewayCounters }) {
    this.#log = parts.log;
    this.#now = parts.now;
    this.#counters = parts.counters;
  }

  /** Tells the client why its request failed. An error that is not a LastseenError becomes `internal`. */
  fail(connection: Connection, { id, type }: Envelope, error: unknown): void {
    const expected = error instanceof LastseenError;
    const failure = expected
      ? error
      : new LastseenError("internal", "The service could not carry this out.", { cause: error });
    this.#counters.reject(failure.code);
    const { session } = connection;
    const fields = {
      userId: session?.userId,
      roomId: session?.participation?.roster.id,
      sessionId: session?.id,
      request: type,
      code: failure.code,
      reason: failure.message,
      ...connection.peer,
      ...(expected ? {} : { err: error }),
    };
    this.#write(connection, failure, fields);
    connection.sendError(id, type, failure);
  }

  /** A wrong request. The client is closed after too many in a row. */
  invalid(connection: Connection, envelope: Envelope, error: LastseenError): void {
    this.fail(connection, envelope, error);
    connection.badRequests += 1;
    if (connection.badRequests >= LIMITS.badRequests) connection.close("badMessage");
  }

  /** A frame in which nothing can be answered. */
  garbage(connection: Connection): void {
    this.#counters.reject("bad_message");
    connection.sendError(undefined, undefined, new LastseenError("bad_message", "Frames must be JSON objects."));
    connection.close("badMessage");
  }

  /**
   * The request in a frame that must not be decoded. A frame without a request is garbage, and is refused as such.
   *
   * @param bytes undefined for a binary frame
   */
  unread(connection: Connection, bytes: Buffer | undefined): Envelope | undefined {
    const envelope = bytes && envelopeIn(bytes);
    if (!envelope) this.garbage(connection);
    return envelope;
  }

  #write(connection: Connection, { code, message }: LastseenError, fields: object): void {
    const { level } = ERRORS[code];
    const leftOut = this.#takeLine(connection, level, message);
    if (leftOut !== undefined) this.#log[level]({ ...fields, ...(leftOut > 0 ? { leftOut } : {}) }, "request refused");
  }

  /** @returns undefined when the line must not be written; else how many were left out before it */
  #takeLine({ session, place }: Connection, level: Level, reason: string): number | undefined {
    const now = this.#now();
    // A client chooses how many of its requests are refused.
    if (level === "info") return this.#lines.take(session?.id ?? place?.key ?? "", now);
    if (level !== "warn") return 0;
    // What the service can't do now it may refuse to thousands of clients at the same moment, or to one client a thousand times.
    const client = session ? `user ${session.userId}` : `address ${place?.key}`;
    if (this.#ownLinesOfOne.take(`${client} ${reason}`, now) !== undefined) return this.#ownLines.take(reason, now);
    this.#ownLines.leaveOut(reason, now);
    return undefined;
  }
}

/** Of a large frame only the ends become text. */
function envelopeIn(bytes: Buffer): Envelope | undefined {
  if (bytes.length <= SMALL_FRAME) return envelopeOf(bytes.toString());
  return findEnvelope(
    bytes.toString("utf8", 0, ENVELOPE_CHARACTERS),
    bytes.toString("utf8", bytes.length - ENVELOPE_CHARACTERS),
  );
}
