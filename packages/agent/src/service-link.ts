import { WebSocket } from "ws";
import { AGENT_LIMITS, readAgentOrder, type AgentMessage, type AgentOrder } from "@lastseen/protocol/agent";
import { backOff, type BackOff } from "../../../src/kernel/back-off.js";
import type { Clock, Timer } from "../../../src/kernel/clock.js";
import type { AgentLogger } from "./options.js";

/** Pauses between attempts: up to 0.5, 1, 2 … 15 s. Chance takes up to all of a pause away, so that agents do not come together. */
const PAUSES: BackOff = { firstMs: 500, mostMs: 15_000, jitter: 1 };
/** An attempt may take so long. */
const HANDSHAKE_MS = 5_000;
/** How often the agent looks whether the service still pings. */
const LOOK_MS = 1_000;
/** What the service does not read waits here up to this. Then the agent sends no more until it has read. */
const MOST_UNREAD_BYTES = 1024 * 1024;
/** How long the last frames may take. */
const CLOSE_MS = 500;

/** One WebSocket to the service at a time, and a new one when it ends. */
export class ServiceLink {
  readonly #address: string;
  readonly #token: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: AgentLogger;
  readonly #onOpen: (number: number) => void;
  readonly #onOrder: (order: AgentOrder) => void;
  #socket: WebSocket | undefined;
  #number = 0;
  #failures = 0;
  #lastProblem: string | undefined;
  /** When something last came from the service, monotonic milliseconds. */
  #heardAt = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: {
    address: string;
    token: string;
    clock: Clock;
    random: () => number;
    logger: AgentLogger;
    /** The socket is open. `number` counts the sockets of this process. */
    onOpen: (number: number) => void;
    onOrder: (order: AgentOrder) => void;
  }) {
    this.#address = options.address;
    this.#token = options.token;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#logger = options.logger;
    this.#onOpen = options.onOpen;
    this.#onOrder = options.onOrder;
  }

  /** Whether frames can be sent now: the socket is open, and the service reads. */
  get isReady(): boolean {
    return this.isOpen && (this.#socket?.bufferedAmount ?? 0) < MOST_UNREAD_BYTES;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  connect(): void {
    if (this.#isClosed) return;
    const headers = { authorization: `Bearer ${this.#token}` };
    const socket = new WebSocket(this.#address, {
      headers,
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: AGENT_LIMITS.frameBytes,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let problem: string | undefined;
    // The agent must not keep the process alive.
    socket.once("upgrade", (response) => response.socket.unref());
    socket.once("open", () => this.#opened(socket));
    socket.on("message", (data, isBinary) =>
      this.#received(socket, isBinary ? undefined : (data as Buffer).toString()),
    );
    socket.on("ping", () => (this.#heardAt = this.#clock.mono()));
    socket.once("unexpected-response", (_request, response) => {
      problem = refusalOf(response.statusCode ?? 0);
      response.resume();
      socket.terminate();
    });
    socket.on("error", (error) => (problem ??= error.message));
    socket.once("close", (code, reason) =>
      this.#ended(socket, problem ?? `closed with ${code} ${String(reason)}`.trim()),
    );
  }

  /** What is sent while the socket is not open is lost: the next `onOpen` has to say everything again. */
  send(message: AgentMessage): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(message));
  }

  /** The service has welcomed this agent. */
  welcomed(): void {
    if (this.#lastProblem !== undefined) this.#logger.warn({}, "the service answers again");
    this.#failures = 0;
    this.#lastProblem = undefined;
  }

  /** Begins anew: the service does not read what it should. */
  restart(): void {
    this.#socket?.terminate();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(CLOSE_MS, () => socket.terminate());
      socket.once("close", () => {
        timer.cancel();
        resolve();
      });
      socket.close(1000);
    });
  }

  #opened(socket: WebSocket): void {
    this.#heardAt = this.#clock.mono();
    this.#number += 1;
    this.#lookLater(socket);
    this.#onOpen(this.#number);
  }

  #received(socket: WebSocket, text: string | undefined): void {
    if (socket !== this.#socket) return;
    this.#heardAt = this.#clock.mono();
    const order = text === undefined ? undefined : readAgentOrder(text);
    // A newer service may say what this version does not know.
    if (order) this.#onOrder(order);
  }

  #lookLater(socket: WebSocket): void {
    this.#timer = this.#clock.after(LOOK_MS, () => void this.#look(socket));
  }

  async #look(socket: WebSocket): Promise<void> {
    const isSilent = (): boolean => this.#clock.mono() - this.#heardAt > AGENT_LIMITS.silentMs;
    // When this process stood still, the pings of the service wait unread.
    if (isSilent()) await this.#clock.pollPhase();
    if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) return;
    if (isSilent()) socket.terminate();
    else this.#lookLater(socket);
  }

  #ended(socket: WebSocket, problem: string): void {
    if (socket !== this.#socket || this.#isClosed) return;
    this.#socket = undefined;
    this.#timer?.cancel();
    this.#failures += 1;
    if (problem !== this.#lastProblem) {
      this.#logger.warn({ address: this.#address, problem }, "the service cannot be reached; trying again");
    }
    this.#lastProblem = problem;
    const pauseMs = backOff(this.#failures, PAUSES, this.#random());
    this.#timer = this.#clock.after(pauseMs, () => this.connect());
  }
}

function refusalOf(status: number): string {
  if (status === 401) return "the token is wrong: it must be the AGENT_TOKEN of the service";
  if (status === 404) return "there is no such route: the service has no AGENT_TOKEN, or the url is wrong";
  if (status === 429) return "the service has had too many wrong tokens from this address";
  return `the service answers with the HTTP status ${status}`;
}
