import { LastseenError } from "@lastseen/protocol";
import { encodeReply, type AnyRequest } from "@lastseen/protocol/codec";
import type { ConnectionLimits } from "./budget/connection-limits.js";
import type { Connection } from "./connection.js";
import type { Hello } from "./handlers/hello.js";
import type { SocketWatch } from "./socket-watch.js";

type HelloRequest = Extract<AnyRequest, { type: "hello" }>;

/** Gives each hello to its handler, one at a time for each connection, and keeps account of the sockets that have said hello. */
export class Greetings {
  readonly #hello: Hello;
  readonly #places: ConnectionLimits;
  readonly #watch: SocketWatch;
  readonly #failed: (connection: Connection, request: HelloRequest, error: unknown) => void;

  constructor(parts: {
    hello: Hello;
    places: ConnectionLimits;
    watch: SocketWatch;
    /** Answers a hello that failed. */
    failed: (connection: Connection, request: HelloRequest, error: unknown) => void;
  }) {
    this.#hello = parts.hello;
    this.#places = parts.places;
    this.#watch = parts.watch;
    this.#failed = parts.failed;
  }

  /** @throws LastseenError a refusal that needed no wait */
  say(connection: Connection, request: HelloRequest): void {
    if (connection.isGreeting) throw new LastseenError("bad_message", "The hello before this one is not answered yet.");
    const reply = (data: unknown) => {
      if (request.id !== undefined) connection.sendCharged(encodeReply(request.id, data));
    };
    let isProven = false;
    // It may wait for its session for a while. Its socket is none of those that prove nothing.
    const proven = () => {
      isProven = true;
      this.#took(connection);
    };
    const asking = this.#hello(connection, request.data, reply, proven);
    const said = () => {
      connection.isPaced = request.data.paced === true;
      connection.peer = undefined;
      this.#took(connection);
    };
    if (!asking) return said();
    connection.isGreeting = true;
    asking
      .then(said, (error: unknown) => {
        // It says hello again, and has the usual time for that.
        if (isProven && connection.isOpen) this.#watch.opened(connection);
        this.#failed(connection, request, error);
      })
      .finally(() => (connection.isGreeting = false));
  }

  #took(connection: Connection): void {
    if (!connection.saidHello && connection.place) this.#places.saidHello(connection.place);
    connection.saidHello = true;
    this.#watch.saidHello(connection);
  }
}
