import type { MediaCheck, SessionMedia } from "../../ports/media-plane.js";
import type { SessionAgents } from "./session-agents.js";

/** A session's stay in a room: its media is in the processes of agents. */
export class AgentSessionMedia implements SessionMedia {
  readonly requests = null;
  readonly #agents: SessionAgents;
  #closed = false;
  #isElsewhere = false;

  constructor(agents: SessionAgents) {
    this.#agents = agents;
  }

  get closed(): boolean {
    return this.#closed;
  }

  counts(): { transports: number; producers: number; consumers: number } {
    return this.#closed ? { transports: 0, producers: 0, consumers: 0 } : this.#agents.counts();
  }

  watch(isWatched: boolean): void {
    if (!this.#closed) this.#agents.watch(isWatched);
  }

  reset(): void {
    if (!this.#closed) this.#agents.closeAll();
  }

  /** The media is the application's, and its pages do not tell what they will send. */
  changeTab(): undefined {
    this.reset();
    return undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#agents.watch(false);
    this.#agents.closeAll();
  }

  /** The media stays where it is. The node that goes on with the session asks the agents what they have. */
  handOver(): void {
    this.#closed = true;
    this.#isElsewhere = true;
  }

  async verifyClosed(): Promise<MediaCheck> {
    if (this.#isElsewhere) return { transports: [], producers: [], consumers: [] };
    return this.#agents.verify();
  }
}
