import Type from "typebox";
import { Nothing } from "@lastseen/protocol";
import { AgentView } from "@lastseen/protocol/http";
import type { NodeRpc } from "../cluster/node-rpc.js";
import { defineQuestion } from "../ports/question.js";

const AGENTS = defineQuestion("agents", Nothing, Type.Object({ agents: Type.Array(AgentView) }));

/** The agents of all nodes, for operators. Each node knows details only of those that are connected to it. */
export class AgentLists {
  readonly #here: () => readonly AgentView[];
  readonly #rpc: NodeRpc | undefined;
  readonly #others: () => readonly { nodeId: string }[];

  constructor(parts: {
    /** The agents that this node knows of. */
    here: () => readonly AgentView[];
    /** Undefined when this node is alone. */
    rpc: NodeRpc | undefined;
    /** The other nodes that hold a lease. */
    others: () => readonly { nodeId: string }[];
  }) {
    this.#here = parts.here;
    this.#rpc = parts.rpc;
    this.#others = parts.others;
    this.#rpc?.answer(AGENTS, async () => ({ agents: this.#here().filter(({ sessions }) => sessions !== null) }));
  }

  /** `missing`: nodes that did not answer. Of their agents only the state is known. */
  async all(): Promise<{ agents: AgentView[]; missing: string[] }> {
    const agents = new Map(this.#here().map((agent) => [agent.agentId, agent]));
    const missing: string[] = [];
    const rpc = this.#rpc;
    const nodes = rpc ? this.#others() : [];
    await Promise.all(
      nodes.map(async ({ nodeId }) => {
        try {
          const answer = await rpc?.ask(nodeId, AGENTS, {});
          for (const agent of answer?.agents ?? []) agents.set(agent.agentId, agent);
        } catch {
          missing.push(nodeId);
        }
      }),
    );
    return { agents: [...agents.values()].sort((a, b) => a.name.localeCompare(b.name)), missing };
  }
}
