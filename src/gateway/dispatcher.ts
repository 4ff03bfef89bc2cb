import { type AnyRequest, encodeReply } from "@lastseen/protocol/codec";
import { LastseenError, LIMITS } from "@lastseen/protocol";
import type { Session } from "../session/session.js";
import { assertReplies } from "./budget/replies.js";
import type { Connection } from "./connection.js";
import type { Handler, Handlers } from "./handlers/handler.js";

type SessionRequest = Exclude<AnyRequest, { type: "hello" | "ping" | "alive" }>;

/**
 * Brings a request to its handler. Requests of one connection run one after the other in the order of their arrival.
 * Requests of different connections are independent.
 */
export class Dispatcher {
  readonly #handlers: Handlers;
  readonly #now: () => number;
  readonly #failed: (connection: Connection, request: AnyRequest, error: unknown) => void;

  /** @param options `now`: monotonic milliseconds */
  constructor(options: {
    handlers: Handlers;
    now: () => number;
    failed: (connection: Connection, request: AnyRequest, error: unknown) => void;
  }) {
    const { handlers, now, failed } = options;
    this.#now = now;
    this.#handlers = handlers;
    this.#failed = failed;
  }

  /** @throws LastseenError `rate_limited` when too many requests of this connection wait */
  dispatch(connection: Connection, request: SessionRequest): void {
    if (connection.pendingRequests >= LIMITS.pendingRequests) {
      throw new LastseenError("rate_limited", `More than ${LIMITS.pendingRequests} requests wait for an answer.`);
    }
    const before = connection.lastRequest;
    const run = () => this.#run(connection, request);
    const done = before ? before.then(run) : run();
    if (!done) return;
    connection.pendingRequests += 1;
    const tail = done.then(() => {
      connection.pendingRequests -= 1;
      if (connection.lastRequest === tail) connection.lastRequest = undefined;
    });
    connection.lastRequest = tail;
  }

  /** Returns undefined when the handler is finished at once. Never throws or rejects. */
  #run(connection: Connection, request: SessionRequest): Promise<void> | undefined {
    const { id, type, data } = request;
    try {
      // Checked now and not at arrival: an earlier join may have given the connection another session.
      const session = ownedBy(connection);
      const reply = (answer: unknown) => {
        // A tab that has lost the session meanwhile gets no more answers: its connection is closed when the tabs have changed.
        if (id !== undefined && !session.isTabBefore(connection)) connection.sendCharged(encodeReply(id, answer));
      };
      assertReplies(session, this.#now(), type);
      const handler = this.#handlers[type] as Handler<typeof type>;
      const result = handler({ connection, session, data, reply });
      return result?.catch((error: unknown) => this.#failed(connection, request, error));
    } catch (error) {
      this.#failed(connection, request, error);
      return undefined;
    }
  }
}

/** @throws LastseenError `fenced` when the connection no longer owns a session */
function ownedBy(connection: Connection): Session {
  const { session } = connection;
  if (!session) throw new LastseenError("fenced", "This connection owns no session.");
  session.assertOwnedBy(connection);
  return session;
}
