import type { Dialect } from "./dialects.js";
import { encodeText } from "./frames.js";
import { RawSocket } from "./raw-socket.js";

/** When thousands come back at once on a busy machine, the last ones wait long. */
const ANSWER_TIMEOUT_MS = 60_000;
const REFUSAL = '{"id":1,"ok":false';

/** The server refuses what the client has said, for example to resume a session that is over. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** One client of a server: waits for at most one greeting and one pong at a time. */
export class Client {
  /** Called for each pong. */
  onPong: () => void = () => {};
  readonly #dialect: Dialect;
  readonly #ping: Buffer;
  readonly #pong: Buffer;
  readonly #socket: RawSocket;
  #failure: Error | undefined = undefined;
  #expected: { beginning: string; arrived: (answer: string) => void; failed: (error: Error) => void } | undefined;

  /** @param opened called when the handshake is complete */
  private constructor(port: number, dialect: Dialect, opened: () => void, failed: (error: Error) => void) {
    const { path, subprotocol } = dialect;
    this.#dialect = dialect;
    this.#ping = encodeText(dialect.ping);
    this.#pong = Buffer.from(dialect.pong);
    this.#socket = new RawSocket(
      { port, path, subprotocol },
      {
        opened,
        text: (payload) => this.#text(payload),
        failed: (error) => {
          this.#failure = error;
          failed(error);
          this.#expected?.failed(error);
        },
      },
    );
  }

  static open(port: number, dialect: Dialect): Promise<Client> {
    return withinTime("the handshake", (resolve, reject) => {
      const client = new Client(port, dialect, () => resolve(client), reject);
    });
  }

  /** Says something and waits for the answer. */
  say(text: string, beginning: string): Promise<string> {
    return withinTime(`the answer to ${text}`, (resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      this.#expected = { beginning, arrived: resolve, failed: reject };
      this.#socket.write(encodeText(text));
    });
  }

  /** Ends the socket at once, leaving nothing behind in the kernel that would wait for late packets. */
  reset(): void {
    this.#socket.reset();
  }

  ping(): void {
    this.#socket.write(this.#ping);
  }

  #text(payload: Buffer): void {
    if (
      payload.length >= this.#pong.length &&
      payload.compare(this.#pong, 0, this.#pong.length, 0, this.#pong.length) === 0
    ) {
      this.onPong();
      return;
    }
    const text = payload.toString();
    if (this.#expected && text.startsWith(this.#expected.beginning)) {
      this.#expected.arrived(text);
      this.#expected = undefined;
    } else if (this.#expected && text.startsWith(REFUSAL)) {
      this.#expected.failed(new RefusedError(text));
      this.#expected = undefined;
    } else if (text === this.#dialect.keepAlive?.question) {
      this.#socket.write(encodeText(this.#dialect.keepAlive.answer));
    }
  }
}

function withinTime<T>(
  what: string,
  begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} did not come`)), ANSWER_TIMEOUT_MS);
    const settled = <A>(finish: (value: A) => void) => {
      return (value: A): void => {
        clearTimeout(timer);
        finish(value);
      };
    };
    begin(settled(resolve), settled(reject));
  });
}
