/** The part of the answers about agents that the page shows. */
import { fieldsOf, list, number, numberOrNull, text, textOrNull, texts } from "./read.js";

/** A process with mediasoup of its own, and what it told of its media. Null: only its own node knows, and did not answer. */
export interface AgentRow {
  readonly agentId: string;
  readonly name: string;
  readonly host: string;
  readonly nodeId: string;
  readonly state: string;
  readonly since: number;
  readonly sessions: number | null;
  readonly unknownSessions: number | null;
  readonly transports: number | null;
  readonly unseenWhy: string | null;
}

export function readAgents(value: unknown): { agents: AgentRow[]; missing: string[] } {
  const fields = fieldsOf(value);
  const agents = list(fields, "agents", (agent) => ({
    agentId: text(agent, "agentId"),
    name: text(agent, "name"),
    host: text(agent, "host"),
    nodeId: text(agent, "nodeId"),
    state: text(agent, "state"),
    since: number(agent, "since"),
    sessions: numberOrNull(agent, "sessions"),
    unknownSessions: numberOrNull(agent, "unknownSessions"),
    transports: numberOrNull(fieldsOf(agent["media"]), "transports"),
    unseenWhy: textOrNull(agent, "unseenWhy"),
  }));
  return { agents, missing: texts(fields, "missing") };
}
