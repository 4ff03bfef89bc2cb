import type { RawData, WebSocket } from "ws";
import { CLOSE_CODES, type CloseName } from "@lastseen/protocol";
import { AGENT_LIMITS, readAgentMessage, type AgentOrder } from "@lastseen/protocol/agent";
import type { Clock, Timer } from "../../kernel/clock.js";
import type { AgentEnd, AgentEntrance, AgentLink, AgentVisit } from "../../ports/agent-links.js";
import type { GatewayLog } from "../gateway-log.js";

/** An agent that leaves more unread than this is cut off: it reports everything again when it comes back. */
const MOST_UNREAD_BYTES = 8 * 1024 * 1024;

const CODES: Readonly<Record<AgentEnd, CloseName>> = {
  replaced: "transferred",
  silent: "abnormal",
  slow: "overloaded",
  wrong: "badMessage",
  full: "overloaded",
  stopping: "serviceRestart",
};

/** The socket of one agent: reads its frames, pings it, and ends it when it is silent, slow or speaks something else. */
export class AgentSocket implements AgentLink {
  readonly address: string;
  readonly #socket: WebSocket;
  readonly #entrance: AgentEntrance;
  readonly #clock: Clock;
  readonly #log: GatewayLog;
  #visit: AgentVisit | undefined;
  #timer: Timer | undefined;
  /** When something last came, monotonic milliseconds. */
  #heardAt: number;
  #ended = false;

  constructor(options: { socket: WebSocket; address: string; entrance: AgentEntrance; clock: Clock; log: GatewayLog }) {
    this.address = options.address;
    this.#socket = options.socket;
    this.#entrance = options.entrance;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#heardAt = this.#clock.mono();
  }

  open(): void {
    const socket = this.#socket;
    socket.on("message", (data, isBinary) => this.#received(data, isBinary));
    socket.on("pong", () => (this.#heardAt = this.#clock.mono()));
    socket.on("ping", (data) => {
      this.#heardAt = this.#clock.mono();
      socket.pong(data);
    });
    socket.on("error", () => socket.terminate());
    socket.once("close", () => this.#finish());
    this.#timer = this.#clock.after(AGENT_LIMITS.helloMs, () => {
      if (!this.#visit) this.close("wrong");
    });
  }

  send(order: AgentOrder): void {
    if (this.#ended || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(JSON.stringify(order));
    if (this.#socket.bufferedAmount > MOST_UNREAD_BYTES) this.close("slow");
  }

  close(end: AgentEnd): void {
    if (this.#ended) return;
    this.#log.info({ address: this.address, why: end }, "the socket of an agent was closed");
    if (end === "silent" || end === "slow") this.#socket.terminate();
    else this.#socket.close(CLOSE_CODES[CODES[end]].code, end);
    this.#finish();
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#ended) return;
    this.#heardAt = this.#clock.mono();
    const message = isBinary ? undefined : readAgentMessage((data as Buffer).toString());
    if (!message) return this.close("wrong");
    if (this.#visit && message.type !== "hello") return this.#visit.received(message);
    if (this.#visit || message.type !== "hello") return this.close("wrong");
    this.#timer?.cancel();
    this.#visit = this.#entrance.enter(message, this);
    this.#pingLater();
  }

  #pingLater(): void {
    if (this.#ended) return;
    this.#timer = this.#clock.after(AGENT_LIMITS.pingMs, () => void this.#ping());
  }

  async #ping(): Promise<void> {
    // When this process stood still, the answer of the agent waits unread.
    if (this.#silentMs() > AGENT_LIMITS.silentMs) await this.#clock.pollPhase();
    if (this.#silentMs() > AGENT_LIMITS.silentMs) return this.close("silent");
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
    this.#pingLater();
  }

  #silentMs(): number {
    return this.#clock.mono() - this.#heardAt;
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#visit?.ended();
  }
}
