/**
 * The media side of a service whose media is made elsewhere: in processes with mediasoup that run an agent. An agent connects to
 * any node. A report travels to the node that holds the session; orders to close travel back.
 *
 *     agent -> gateway/agents -> AgentRelay -> SessionHomes -> bus -> AgentPlane of the session's node -> SessionAgents
 *                                                                                                          | evidence
 *     agent <- gateway/agents <- AgentRelay <- bus <- AgentOrders <- close, end, watch --------------------'
 */
import type { CloseOrder, KnownSession, SessionReport } from "@lastseen/protocol/agent";
import type { Clock } from "../../kernel/clock.js";
import { Emitter } from "../../kernel/emitter.js";
import type { AgentEntrance } from "../../ports/agent-links.js";
import type { AgentView } from "@lastseen/protocol/http";
import type { Bus } from "../../ports/bus.js";
import type { Directory } from "../../ports/directory.js";
import type {
  ApplicationMedia,
  ForeignMedia,
  MediaCheck,
  MediaEvents,
  MediaKind,
  MediaOrphan,
  MediaSight,
  PassiveMediaPlane,
} from "../../ports/media-plane.js";
import type { MediaLogger } from "../media-options.js";
import { AgentNetwork, type Acknowledgement } from "./agent-network.js";
import { AgentSessionMedia } from "./agent-session-media.js";
import { addTo } from "./add-to.js";
import { sightOf, warningsOf } from "./agents-sight.js";
import { SessionAgents } from "./session-agents.js";
import { UnwatchedHere } from "./unwatched-here.js";

/** How many ended sessions are remembered, because an application may still be making a transport for them. */
const REMEMBERED = 4_096;
/** What only the node of an agent knows. */
const OF_ANOTHER_NODE = { address: null, sessions: null, unknownSessions: null, media: null };
const NOTHING = { transports: [], producers: [], consumers: [] } as const;

export class AgentPlane implements PassiveMediaPlane, ApplicationMedia {
  readonly available = false;
  readonly enabled = false;
  readonly #nodeId: string;
  readonly #logger: MediaLogger;
  readonly #events: Emitter<MediaEvents>;
  readonly #network: AgentNetwork;
  /** Sessions that are open here, or whose media a worker may still hold. */
  readonly #sessions = new Map<string, SessionAgents>();
  readonly #ended = new Set<string>();
  #unwatched: UnwatchedHere | undefined;
  #isStopped = false;

  constructor(options: {
    clock: Clock;
    bus: Bus;
    directory: Pick<Directory, "nodeId" | "findSessions">;
    logger: MediaLogger;
    version: string;
    /** `MEDIA_SILENCE_MS`. */
    silenceMs: number;
  }) {
    const { logger, directory } = options;
    this.#nodeId = directory.nodeId;
    this.#logger = logger;
    this.#events = new Emitter((error, event) =>
      logger.error({ err: error, event }, "a media event's listener failed"),
    );
    const forEach = (act: (session: SessionAgents) => void): void => {
      for (const session of this.#sessions.values()) act(session);
    };
    this.#network = new AgentNetwork({
      ...options,
      sessions: {
        has: (sessionId) => this.#sessions.has(sessionId) || this.#ended.has(sessionId),
        reported: (agentId, link, reports) => this.#reported(agentId, link, reports),
        takeUnheard: () => this.#takeUnheard(),
        agentAway: (agentId) => forEach((session) => session.agentAway(agentId)),
        agentGone: (agentId) => forEach((session) => session.agentGone(agentId)),
      },
    });
  }

  /** Where agents come in. */
  get entrance(): AgentEntrance {
    return this.#network.relay;
  }

  /** The agents of all nodes, as this node knows them: those of other nodes without details. */
  get agents(): AgentView[] {
    const { known, relay } = this.#network;
    return known.all().map(({ agentId, name, host, pid, version, via: nodeId, state, since, unseenWhy = null }) => {
      const who = { agentId, name, host, pid, version, nodeId };
      return { ...who, state, since, unseenWhy, ...(relay.find(agentId)?.details ?? OF_ANOTHER_NODE) };
    });
  }

  /** The agents that are connected to this node, or were. */
  get agentCounts(): Record<"connected" | "away", number> {
    const counts = { connected: 0, away: 0 };
    for (const { state, via } of this.#network.known.all()) if (via === this.#nodeId) counts[state] += 1;
    return counts;
  }

  /** How many agents of this node did not come back, and nobody waits for them any more. */
  get agentsLost(): number {
    return this.#network.known.lost;
  }

  get sight(): MediaSight {
    const sight = sightOf(this.#network.known.all());
    const why = this.#unwatched?.why;
    return sight.state === "seen" && why !== undefined ? { state: "unseen", why } : sight;
  }

  /** What operators should know of the agents beside {@link sight}, in sentences. */
  get warnings(): string[] {
    return warningsOf(this.#network.known);
  }

  /** To be called in an application, which may have workers of its own: notices media here that no agent watches. */
  lookHere(): void {
    this.#unwatched ??= new UnwatchedHere({ logger: this.#logger, agents: () => this.agents });
  }

  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  openSession(sessionId: string, isContinued: boolean): void {
    this.#ended.delete(sessionId);
    this.#session(sessionId);
    this.#network.opened(sessionId, isContinued);
  }

  async endSession(sessionId: string): Promise<MediaCheck> {
    if (this.#isStopped) return "unseen";
    this.#remember(sessionId);
    const session = this.#sessions.get(sessionId);
    if (!session) return NOTHING;
    const left = await session.end();
    const isDone = left === "unseen" || left.transports.length + left.producers.length + left.consumers.length === 0;
    if (isDone) this.#sessions.delete(sessionId);
    return left;
  }

  /** The media stays where it is. The node that goes on with the session asks the agents what they have. */
  async handOverSession(sessionId: string): Promise<MediaCheck> {
    this.#sessions.delete(sessionId);
    return NOTHING;
  }

  async join(_roomId: string, sessionId: string): Promise<AgentSessionMedia> {
    return new AgentSessionMedia(this.#session(sessionId));
  }

  lookForSilence(afterMs: number): void {
    this.#network.tick(afterMs);
  }

  /** What the agents see that are connected to this node. Their workers are none of this node: agents come and go. */
  counts(): { workers: number } & Record<MediaKind, number> {
    const sum = { workers: 0, router: 0, transport: 0, producer: 0, consumer: 0 };
    for (const { link, status } of this.#network.relay.all()) {
      if (!link || !status) continue;
      sum.router += status.routers;
      sum.transport += status.transports;
      sum.producer += status.producers;
      sum.consumer += status.consumers;
    }
    return sum;
  }

  /** Transports of sessions that the service had, and that no node holds any more. */
  findOrphans(isLive: (sessionId: string) => boolean): readonly MediaOrphan[] {
    const { relay, homes } = this.#network;
    return [...relay.all()].flatMap((agent) =>
      [...agent.reports.values()].flatMap(({ sessionId, transportIds, wasKnown }) => {
        if (!agent.link || !wasKnown || isLive(sessionId) || !homes.isHomeless(agent, sessionId)) return [];
        return transportIds.map((id) => ({ kind: "transport" as const, id, sessionId }));
      }),
    );
  }

  /** Leaves a transport alone at whose other end there is a client: the service may have lost its sessions by a crash. */
  closeOrphan({ id, sessionId }: MediaOrphan): boolean {
    const { relay, homes } = this.#network;
    for (const agent of relay.all()) {
      const report = agent.reports.get(sessionId);
      if (!report?.transportIds.includes(id) || report.connectivity === "connected") continue;
      if (!homes.isHomeless(agent, sessionId)) continue;
      agent.dropTransport(sessionId, id);
      void this.#closeLate(agent.id, { sessionId, transportIds: [id] });
      return true;
    }
    return false;
  }

  /** Transports that name no session. */
  unowned(): ForeignMedia {
    const agents = [...this.#network.relay.all()];
    return { transport: agents.reduce((sum, { status }) => sum + (status?.unowned ?? 0), 0), producer: 0, consumer: 0 };
  }

  /** Ends the sockets of all agents, and orders nothing more. Media stays as it is. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    this.#network.relay.stop();
  }

  async close(): Promise<void> {
    this.stop();
    this.#unwatched?.close();
    this.#network.close();
    this.#sessions.clear();
  }

  #session(sessionId: string): SessionAgents {
    let session = this.#sessions.get(sessionId);
    if (session) return session;
    const { orders } = this.#network;
    session = new SessionAgents({ sessionId, orders, events: this.#events, sight: () => this.sight });
    this.#sessions.set(sessionId, session);
    return session;
  }

  /** What an agent, here or at another node, has of sessions that this node holds or has ended. */
  #reported(agentId: string, link: number, reports: readonly SessionReport[]): Acknowledgement {
    const known: KnownSession[] = [];
    const unknown: string[] = [];
    for (const report of reports) {
      const { sessionId } = report;
      const session = this.#sessions.get(sessionId);
      if (session) {
        session.reported(agentId, link, report);
        known.push(session.known);
      } else if (!this.#ended.has(sessionId)) {
        unknown.push(sessionId);
      } else if (report.transports > 0) {
        this.#logger.info({ sessionId, agentId }, "closed a transport that was made after its session had ended");
        void this.#closeLate(agentId, { sessionId });
      }
    }
    return { known, unknown };
  }

  #takeUnheard(): Map<string, string[]> {
    const byAgent = new Map<string, string[]>();
    for (const [sessionId, session] of this.#sessions) {
      for (const agentId of session.takeUnheard()) addTo(byAgent, agentId, sessionId);
    }
    return byAgent;
  }

  async #closeLate(agentId: string, what: Omit<CloseOrder, "orderId">): Promise<void> {
    const fields = { sessionId: what.sessionId, agentId };
    try {
      const outcome = await this.#network.orders.close(agentId, what);
      if (outcome.kind === "checked" && outcome.transports.length === 0) return;
      this.#logger.error({ ...fields, left: outcome }, "the worker still holds the transport");
    } catch (error) {
      this.#logger.error(
        { ...fields, err: error },
        "the worker could not be asked whether it still holds the transport",
      );
    }
  }

  #remember(sessionId: string): void {
    this.#ended.add(sessionId);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= REMEMBERED) return;
      this.#ended.delete(oldest);
    }
  }
}
