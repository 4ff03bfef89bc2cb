/**
 * Where agents come in. `gateway/agents/` reads their sockets, `media/agents/` decides what their messages mean. An agent is a
 * process with mediasoup of its own; see `@lastseen/protocol/agent`.
 */
import Type, { type Static, type TSchema } from "typebox";
import { EpochMs } from "@lastseen/protocol";
import type { AgentHello, AgentMessage, AgentOrder } from "@lastseen/protocol/agent";

/**
 * Why the service ends the socket of an agent. `replaced`: the same process has a newer one. `silent`: it answers no pings.
 * `slow`: it does not read. `wrong`: it sent what is no message of an agent. `full`: this node has agents enough.
 */
export type AgentEnd = "replaced" | "silent" | "slow" | "wrong" | "full" | "stopping";

/** The socket of one agent. */
export interface AgentLink {
  /** Where it comes from. */
  readonly address: string;
  /** Never throws. What is sent to a socket that has ended is lost. */
  send(order: AgentOrder): void;
  close(end: AgentEnd): void;
}

/** One agent while it has a socket here. */
export interface AgentVisit {
  received(message: Exclude<AgentMessage, AgentHello>): void;
  /** The socket has ended, or answers no more. To be called once. */
  ended(): void;
}

export interface AgentEntrance {
  /** An agent has said hello. @returns undefined when it cannot be taken; then the link was closed */
  enter(hello: AgentHello, link: AgentLink): AgentVisit | undefined;
}

const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** An agent as operators see it. What only its own node knows is null elsewhere. */
export const AgentView = Type.Object({
  agentId: Type.String({ description: "Made up by its process at the start" }),
  name: Type.String(),
  host: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
  address: OrNull(Type.String({ description: "Where it connects from" })),
  nodeId: Type.String({ description: "The node that it is connected to, or was" }),
  state: Type.Enum(["connected", "away"]),
  since: EpochMs,
  sessions: OrNull(Type.Integer({ description: "Sessions that its transports name" })),
  unknownSessions: OrNull(Type.Integer({ description: "Those of them that no node holds" })),
  media: OrNull(
    Type.Object({
      workers: Type.Integer(),
      transports: Type.Integer(),
      producers: Type.Integer(),
      consumers: Type.Integer(),
      unowned: Type.Integer({ description: "Transports that name no session" }),
      unreported: Type.Integer({ description: "Sessions beyond what one agent may report" }),
    }),
  ),
  unseenWhy: OrNull(Type.String({ description: "Why the agent may not see all media of its process" })),
});
export type AgentView = Static<typeof AgentView>;
