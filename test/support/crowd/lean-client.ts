import { FullJitterPolicy } from "../../../packages/client/src/reconnect-policy.js";
import type { EventData, ReplyData, WireError } from "@lastseen/protocol";
import { LeanSocket } from "./lean-socket.js";

const HANDSHAKE_LIMIT_MS = 15_000;
const CONNECTION_BROKE: WireError = { code: "internal", message: "the connection broke", retryable: true };
const PING = '{"type":"ping"}';
/** It does not read these events, which are nearly everything that it gets in a large room. */
const UNREAD = '{"type":"roster_changed"';

interface Frame {
  id?: number;
  ok?: boolean;
  type?: string;
  data?: unknown;
  error?: WireError;
}

/** A client that sends only hello, join and ping. It is so small that ten thousand fit in a process. */
export class LeanClient {
  readonly userId: string;
  readonly roomId: string | undefined;
  sessionId = "";
  /** The epoch of the first hello. */
  firstEpoch = 0;
  epoch = 0;
  /** Number of resumes. */
  resumes = 0;
  /** Number of sockets that it tried to open to come back. */
  attempts = 0;
  /** The `user_left` events that it received. */
  readonly left: EventData<"user_left">[] = [];
  readonly mediaResets: string[] = [];
  /** The error because of which it does not come back. */
  lostBy: string | undefined;
  /** Milliseconds from each ping to its pong. */
  readonly roundTrips: number[] = [];
  #resumeToken = "";
  #socket: LeanSocket | undefined;
  #pingedAt: number | undefined;
  #answer: ((frame: Frame) => void) | undefined;
  /** Nodes to come back to. Without one the client stays away. */
  #comeBackTo: readonly string[] = [];
  readonly #address: string | undefined;
  /** What the service has told it. */
  #comeBackAfterMs: number | undefined;
  /** The node that goes on with its session, as the service has told it. */
  #heirUrl: string | undefined;
  #attempt = 0;
  /** When it was last connected; what the SDK's back-off goes by. */
  #lostAt = 0;
  #graceMs: number | undefined;
  #isGreeted = false;
  #ended = false;

  /**
   * @param roomId the room that it joins; undefined: it stays in no room
   * @param address the IP address from which it connects; undefined: the usual one
   */
  constructor(userId: string, roomId: string | undefined, address: string | undefined) {
    this.userId = userId;
    this.roomId = roomId;
    this.#address = address;
  }

  /** Whether it has a connection with a session. */
  get isConnected(): boolean {
    return this.#isGreeted && this.#socket?.isOpen === true;
  }

  /** Milliseconds for which the present ping has waited for its pong; 0 when there is none. */
  get waitingMs(): number {
    return this.#pingedAt === undefined ? 0 : performance.now() - this.#pingedAt;
  }

  /** Opens a session and joins the room, if there is one, on the node that has it. */
  async enter(url: string): Promise<void> {
    await this.#open(url);
    const greeted = await this.#ask("hello", this.#greeting());
    if (!greeted.ok) throw new Error(`hello was refused: ${JSON.stringify(greeted.error)}`);
    this.#took(greeted.data as ReplyData<"hello">);
    this.firstEpoch = this.epoch;
    while (this.roomId !== undefined) {
      const joined = await this.#ask("join", { roomId: this.roomId });
      if (joined.ok) return;
      if (joined.error?.code !== "overloaded") {
        this.#drop();
        return this.enter(redirectOf(joined.error));
      }
    }
  }

  /** When its connection breaks it comes back like the SDK: with back-off and jitter, to these nodes in turn, first to any of them. */
  returnTo(urls: readonly string[]): void {
    const first = Math.floor(Math.random() * urls.length);
    this.#comeBackTo = [...urls.slice(first), ...urls.slice(0, first)];
  }

  /** Sends a ping, if no other ping waits for its pong. */
  ping(): void {
    if (!this.isConnected || this.#pingedAt !== undefined) return;
    this.#pingedAt = performance.now();
    this.#socket?.send(PING);
  }

  /** Closes the page. The client does not come back. */
  close(): void {
    this.#ended = true;
    this.#socket?.close(1000);
  }

  async #open(url: string): Promise<void> {
    const headers = { "Sec-WebSocket-Protocol": "lastseen.v1" };
    this.#isGreeted = false;
    this.#pingedAt = undefined;
    const socket = await LeanSocket.open(`${url.replace("http", "ws")}/ws`, {
      headers,
      limitMs: HANDSHAKE_LIMIT_MS,
      from: this.#address,
    });
    this.#socket = socket;
    socket.onText = (text) => {
      if (!text.startsWith(UNREAD)) this.#read(JSON.parse(text) as Frame);
    };
    socket.onClosed = () => {
      if (this.#socket === socket) this.#broken();
    };
  }

  #read(frame: Frame): void {
    if (frame.type === "pong") {
      if (this.#pingedAt !== undefined) this.roundTrips.push(performance.now() - this.#pingedAt);
      this.#pingedAt = undefined;
    } else if (frame.type === "probe") this.#socket?.send(PING);
    else if (frame.type === "server_closing") {
      const { reconnectAfterMs, url } = frame.data as EventData<"server_closing">;
      this.#comeBackAfterMs = reconnectAfterMs;
      this.#heirUrl = url;
    } else if (frame.type === "user_left") this.left.push(frame.data as EventData<"user_left">);
    else if (frame.type === "media_reset") this.mediaResets.push((frame.data as EventData<"media_reset">).reason);
    else if (frame.id !== undefined) {
      const answer = this.#answer;
      this.#answer = undefined;
      answer?.(frame);
    }
  }

  #broken(): void {
    if (this.#answer) this.#read({ id: 1, ok: false, error: CONNECTION_BROKE });
    else if (!this.#ended && this.#comeBackTo.length > 0) {
      this.#lostAt = performance.now();
      this.#tryAgain(this.#comeBackAfterMs);
      this.#comeBackAfterMs = undefined;
    }
  }

  #tryAgain(afterMs?: number): void {
    const attempt = this.#attempt++;
    const [elapsedMs, resumeGraceMs] = [performance.now() - this.#lostAt, this.#graceMs];
    const policy = new FullJitterPolicy();
    const delayMs = afterMs ?? policy.nextDelayMs({ attempt, elapsedMs, cause: "socket_closed", resumeGraceMs });
    const url = this.#heirUrl ?? this.#comeBackTo[attempt % this.#comeBackTo.length] ?? "";
    this.#heirUrl = undefined;
    setTimeout(() => void this.#comeBack(url).catch(() => this.#tryAgain()), delayMs ?? 0);
  }

  async #comeBack(url: string): Promise<void> {
    if (this.#ended) return;
    this.attempts += 1;
    await this.#open(url);
    const resume = { sessionId: this.sessionId, resumeToken: this.#resumeToken };
    const answer = await this.#ask("hello", { ...this.#greeting(), resume });
    if (answer.ok) {
      const before = this.sessionId;
      this.#took(answer.data as ReplyData<"hello">);
      if (this.sessionId !== before) this.lostBy = "another session was given to it";
      this.#attempt = 0;
      this.resumes += 1;
      return;
    }
    this.#drop();
    const { code, data } = answer.error ?? { code: "internal" };
    if (code === "redirect") await this.#comeBack(redirectOf(answer.error));
    else if (code === "session_gone") this.lostBy = `${code} at ${url}`;
    else this.#tryAgain(code === "overloaded" ? Number(data?.["retryAfterMs"]) * (0.5 + Math.random() / 2) : undefined);
  }

  #greeting(): object {
    return { tabId: "tab", user: { id: this.userId } };
  }

  #took({ sessionId, epoch, resumeToken, heartbeat }: ReplyData<"hello">): void {
    this.#graceMs = heartbeat.resumeGraceMs;
    this.#isGreeted = true;
    this.sessionId = sessionId;
    this.epoch = epoch;
    this.#resumeToken = resumeToken;
  }

  #ask(type: string, data: object): Promise<Frame> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#socket?.send(JSON.stringify({ id: 1, type, data }));
    });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
  }
}

function redirectOf(error: WireError | undefined): string {
  if (error?.code !== "redirect") throw new Error(`not sent anywhere: ${JSON.stringify(error)}`);
  return String(error.data?.["url"]);
}
