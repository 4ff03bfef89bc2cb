import type { Socket } from "node:net";
import { WebSocket, type ClientOptions } from "ws";
import { COMMON_REFUSALS, REFUSALS } from "@lastseen/protocol";
import type { EventData, EventType, ReplyData, RequestData, RequestType, WireError } from "@lastseen/protocol";
import { PATIENCE_MS } from "./until.js";

export type Frame = {
  type?: string;
  id?: number | string;
  ok?: boolean;
  data?: unknown;
  error?: WireError;
  v?: number;
};
type Answer<T extends RequestType> = { ok: true; data: ReplyData<T> } | { ok: false; error: WireError };

/** @throws Error when the protocol does not say that this request can be refused so */
function assertDocumented(type: RequestType, { code, message }: WireError): void {
  const codes: readonly string[] = [...COMMON_REFUSALS, ...REFUSALS[type]];
  if (!codes.includes(code))
    throw new Error(`REFUSALS does not say that ${type} can be refused with ${code} ("${message}")`);
}

/** A client of the protocol that keeps every frame. A test can wait for any frame. */
export class TestClient {
  readonly socket: WebSocket;
  readonly frames: Frame[] = [];
  closeCode: number | undefined;
  /** The TCP connection under the WebSocket. */
  #line: Socket | undefined;
  #nextId = 1;
  #waiters = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as Frame);
      this.#wake();
    });
    socket.once("upgrade", (response) => (this.#line = response.socket));
    socket.on("close", (code) => {
      this.closeCode = code;
      this.#wake();
    });
    socket.on("error", () => this.#wake());
  }

  static async open(url: string, options: ClientOptions = {}): Promise<TestClient> {
    const socket = new WebSocket(url, "lastseen.v1", options);
    const client = new TestClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  sendRaw(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  send(frame: object): void {
    this.sendRaw(JSON.stringify(frame));
  }

  async ask<T extends RequestType>(type: T, data?: RequestData<T>): Promise<Answer<T>> {
    const id = this.#nextId++;
    this.send({ id, type, ...(data === undefined ? {} : { data }) });
    const answer = (await this.frame((candidate) => candidate.id === id, `the reply to ${type}`)) as Answer<T>;
    if (!answer.ok) assertDocumented(type, answer.error);
    return answer;
  }

  /** Like {@link ask}, but throws when the service refuses. */
  async request<T extends RequestType>(type: T, data?: RequestData<T>): Promise<ReplyData<T>> {
    const answer = await this.ask(type, data);
    if (!answer.ok) throw new Error(`${type} was refused: ${JSON.stringify(answer.error)}`);
    return answer.data;
  }

  events<T extends EventType>(type: T): EventData<T>[] {
    return this.frames.filter((frame) => frame.type === type).map((frame) => frame.data as EventData<T>);
  }

  async event<T extends EventType>(
    type: T,
    matches: (data: EventData<T>) => boolean = () => true,
    timeoutMs = PATIENCE_MS,
  ): Promise<EventData<T>> {
    const frame = await this.frame(
      (candidate) => candidate.type === type && matches(candidate.data as EventData<T>),
      `the event ${type}`,
      timeoutMs,
    );
    return frame.data as EventData<T>;
  }

  /** The first frame that matches, among past and future frames. */
  async frame(matches: (frame: Frame) => boolean, what = "a frame", timeoutMs = PATIENCE_MS): Promise<Frame> {
    return this.#until(() => this.frames.find(matches), what, timeoutMs);
  }

  async closed(timeoutMs = PATIENCE_MS): Promise<number> {
    return this.#until(() => this.closeCode, "the close", timeoutMs);
  }

  /** The client reads nothing more, not even pings, and sends nothing: as if its network were cut. */
  cut(): void {
    this.#line?.pause();
  }

  /** What has come since {@link cut} is read, and answered. */
  mend(): void {
    this.#line?.resume();
  }

  /** The connection breaks with a reset, as when a machine or a network on the way has lost it. */
  reset(): void {
    this.#line?.resetAndDestroy();
  }

  /** The connection ends in order, but without a close frame, as when the client's process is killed. */
  kill(): void {
    this.#line?.destroy();
  }

  close(code = 1000): void {
    this.socket.close(code);
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }

  #until<T>(read: () => T | undefined, what: string, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const value = read();
        if (value !== undefined) resolve(value);
        // After its end nothing comes any more.
        else if (this.closeCode !== undefined) fail("before the connection ended");
        else return;
        clearTimeout(timer);
        this.#waiters.delete(check);
      };
      const fail = (when: string): void => {
        const seen = this.frames.map((frame) => frame.type ?? `reply ${frame.id}`).join(", ");
        reject(new Error(`${what} did not come ${when}; close code ${this.closeCode}; seen: ${seen}`));
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(check);
        fail(`within ${timeoutMs} ms`);
      }, timeoutMs);
      this.#waiters.add(check);
      check();
    });
  }
}
