/**
 * The agent: what mediasoup announces goes to the service, and what the service orders is done here.
 *
 *     mediasoup's observer -> WatchedMedia -> MediaAgent -> ServiceLink -> service
 *     WatchedMedia <- close, watch <- MediaAgent <- ServiceLink <- service
 *
 * Reports are states and not events: of a session that changes often only the newest state waits. So the queue is never longer
 * than the list of sessions, and after a lost connection the agent simply reports every session again.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Observer, Worker } from "mediasoup/types";
import {
  AGENT_LIMITS,
  inFrames,
  type AgentOrder,
  type AgentStatus,
  type CloseOrder,
  type CloseOutcome,
} from "@lastseen/protocol/agent";
import type { Clock, Timer } from "../../../src/kernel/clock.js";
import type { AgentLogger } from "./options.js";
import { ServiceLink } from "./service-link.js";
import { VERSION } from "./version.js";
import { WatchedMedia } from "./watched-media.js";

/** Changes of so long a time go out together. */
const GATHER_MS = 50;
/** When the service leaves more unread than all sessions can have, the agent begins anew. */
const MOST_CHANGED = 2 * AGENT_LIMITS.sessions;
/** How often the agent looks for silent media, and whether its numbers have changed. */
const LOOK_MS = 250;

export class MediaAgent {
  readonly #clock: Clock;
  readonly #name: string;
  readonly #logger: AgentLogger;
  readonly #workers: Iterable<Worker>;
  readonly #link: ServiceLink;
  readonly #media: WatchedMedia;
  readonly #agentId = randomUUID();
  /** Sessions whose newest state the service does not have. */
  readonly #changed = new Set<string>();
  /** The service has not been told yet that it was told everything. */
  #isIncomplete = true;
  #isWelcome = false;
  #silenceMs = 3_000;
  #sentStatus = "";
  #flushTimer: Timer | undefined;
  #lookTimer: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: {
    address: string;
    token: string;
    name: string;
    source: Observer;
    workers: Iterable<Worker>;
    clock: Clock;
    random: () => number;
    logger: AgentLogger;
  }) {
    const { clock, logger, source } = options;
    this.#clock = clock;
    this.#name = options.name;
    this.#logger = logger;
    this.#workers = options.workers;
    this.#media = new WatchedMedia({
      clock,
      logger,
      source,
      onChanged: (sessionId) => this.#sessionChanged(sessionId),
    });
    this.#link = new ServiceLink({
      ...options,
      onOpen: (number) => this.#sayHello(number),
      onOrder: (order) => this.#obey(order),
    });
  }

  start(): void {
    this.#media.follow(this.#workers).catch((error: unknown) => {
      this.#logger.error({ err: error }, "the agent cannot see the media of a worker");
    });
    this.#link.connect();
    this.#lookLater();
  }

  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    // The service learns what the application has closed itself before it closed the agent.
    this.#flush();
    this.#flushTimer?.cancel();
    this.#lookTimer?.cancel();
    this.#media.close();
    this.#link.send({ type: "bye" });
    await this.#link.close();
  }

  #sayHello(link: number): void {
    this.#isWelcome = false;
    const who = { agentId: this.#agentId, name: this.#name, host: hostname(), pid: process.pid };
    this.#link.send({ type: "hello", ...who, link, version: VERSION });
  }

  #obey(order: AgentOrder): void {
    switch (order.type) {
      case "welcome":
        this.#link.welcomed();
        this.#isWelcome = true;
        this.#isIncomplete = true;
        this.#sentStatus = "";
        for (const sessionId of this.#media.sessionIds()) this.#changed.add(sessionId);
        return this.#flush();
      case "known":
        this.#silenceMs = order.silenceMs;
        for (const { sessionId, isWatched } of order.sessions) this.#media.known(sessionId, isWatched);
        return;
      case "close":
        void this.#close(order);
    }
  }

  async #close({ orderId, sessionId, transportIds }: CloseOrder): Promise<void> {
    const outcome = await this.#outcomeOf(this.#media.closeSession(sessionId, transportIds));
    this.#link.send({ type: "closed", orderId, outcome });
  }

  async #outcomeOf(check: ReturnType<WatchedMedia["closeSession"]>): Promise<CloseOutcome> {
    try {
      const left = await check;
      if (left === "unseen") return { kind: "unseen" };
      const { transports, producers, consumers } = left;
      const first = (ids: readonly string[]): string[] => ids.slice(0, AGENT_LIMITS.transports);
      return {
        kind: "checked",
        transports: first(transports),
        producers: first(producers),
        consumers: first(consumers),
      };
    } catch (error) {
      this.#logger.warn({ err: error }, "a worker does not say what it still holds");
      return { kind: "failed", why: "the mediasoup worker does not answer" };
    }
  }

  #sessionChanged(sessionId: string): void {
    this.#changed.add(sessionId);
    if (this.#changed.size > MOST_CHANGED) this.#link.restart();
    this.#flushTimer ??= this.#clock.after(GATHER_MS, () => this.#flush());
  }

  /** Sends the newest state of each session that has changed, as far as the service reads. */
  #flush(): void {
    this.#flushTimer?.cancel();
    this.#flushTimer = undefined;
    if (!this.#isWelcome || !this.#link.isOpen) return this.#forgetChanges();
    this.#sendStatus();
    const reports = [...this.#changed].map((sessionId) => this.#media.report(sessionId));
    for (const sessions of inFrames(reports)) {
      if (!this.#link.isReady) {
        this.#flushTimer = this.#clock.after(GATHER_MS, () => this.#flush());
        return;
      }
      this.#link.send({ type: "sessions", sessions });
      for (const { sessionId } of sessions) {
        this.#changed.delete(sessionId);
        this.#media.reported(sessionId);
      }
    }
    if (this.#isIncomplete) this.#link.send({ type: "complete" });
    this.#isIncomplete = false;
  }

  /** Without a connection nothing waits: after the next hello every session is reported. */
  #forgetChanges(): void {
    for (const sessionId of this.#changed) this.#media.reported(sessionId);
    this.#changed.clear();
  }

  #sendStatus(): void {
    const status: AgentStatus = this.#media.status;
    const text = JSON.stringify(status);
    if (!this.#isWelcome || text === this.#sentStatus || !this.#link.isReady) return;
    this.#sentStatus = text;
    this.#link.send({ type: "status", status });
  }

  #lookLater(): void {
    this.#lookTimer = this.#clock.after(LOOK_MS, () => {
      this.#media.lookForSilence(this.#silenceMs);
      this.#sendStatus();
      this.#lookLater();
    });
  }
}
