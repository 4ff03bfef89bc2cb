import type { AgentRow } from "./agent-shapes.js";
import type { NodeRow } from "./shapes.js";
import type { OpsStore } from "./store.js";
import { duration, plural } from "./words.js";

/**
 * All nodes side by side: what each holds, how its share compares with the others, and the agents that are connected to it. Nothing
 * where one node is alone and has no agents.
 */
export function NodesPicture({ store }: { store: OpsStore }) {
  const { nodes = [], agents = [], health, trouble } = store.snapshot.value ?? {};
  const named = new Set([...(trouble?.missing ?? []), ...agents.map(({ nodeId }) => nodeId)]);
  const missing = [...named].filter((nodeId) => nodes.every((node) => node.nodeId !== nodeId));
  if (nodes.length + missing.length < 2 && agents.length === 0) return null;
  const most = Math.max(1, ...nodes.map(({ sessions }) => sessions));
  const agentsOf = (nodeId: string): AgentRow[] => agents.filter((agent) => agent.nodeId === nodeId);
  const sorted = nodes.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  const count = [
    plural(nodes.length + missing.length, "node"),
    ...(agents.length ? [plural(agents.length, "agent")] : []),
  ];
  return (
    <section class="panel" aria-labelledby="nodes-title" data-testid="nodes">
      <h2 id="nodes-title">{count.join(", ")}</h2>
      <ul class="nodes">
        {sorted.map((node) => (
          <NodeBox
            key={node.nodeId}
            node={node}
            isThis={node.nodeId === health?.nodeId}
            share={node.sessions / most}
            agents={agentsOf(node.nodeId)}
            now={store.moment.now}
          />
        ))}
        {missing.map((nodeId) => (
          <li key={nodeId} class="node" data-testid="node" data-state="missing">
            <strong>
              <bdi>{nodeId}</bdi>
            </strong>
            <span class="node-trouble">! does not answer</span>
            <Agents agents={agentsOf(nodeId)} now={store.moment.now} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a box shows of a node. */
interface BoxOf {
  node: NodeRow;
  isThis: boolean;
  share: number;
  agents: readonly AgentRow[];
  /** Epoch ms. */
  now: number;
}

function NodeBox({ node, isThis, share, agents, now }: BoxOf) {
  const { nodeId, version, uptimeSeconds, sessions, ghosts, rooms, draining } = node;
  return (
    <li class="node" data-testid="node" data-state={draining ? "draining" : "up"}>
      <strong>
        <bdi>{nodeId}</bdi>
        {isThis && <span class="small"> answers this page</span>}
      </strong>
      <svg class="node-share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="age-track" width={100} height={6} />
        <rect class="node-fill" width={Math.round(100 * share)} height={6} />
      </svg>
      <span>{`${plural(sessions, "session")}, ${plural(rooms, "room")}`}</span>
      <span class="small">{`version ${version}, up for ${duration(uptimeSeconds * 1_000)}`}</span>
      {ghosts > 0 && <span class="node-trouble">{`! ${plural(ghosts, "ghost")}`}</span>}
      {draining && <span class="node-trouble">gives its sessions away</span>}
      <Agents agents={agents} now={now} />
    </li>
  );
}

function Agents({ agents, now }: { agents: readonly AgentRow[]; now: number }) {
  if (agents.length === 0) return null;
  return (
    <ul class="agents">
      {agents.map((agent) => (
        <AgentLine key={agent.agentId} agent={agent} now={now} />
      ))}
    </ul>
  );
}

function AgentLine({ agent, now }: { agent: AgentRow; now: number }) {
  const { name, host, state, since, sessions, unknownSessions, transports, unseenWhy } = agent;
  const holds =
    sessions === null ? "" : `media of ${plural(sessions, "session")}, ${plural(transports ?? 0, "transport")}`;
  return (
    <li class="agent" data-testid="agent" data-state={state}>
      <span>
        agent <bdi>{name}</bdi> on <bdi>{host}</bdi>
      </span>
      <span class="small">{state === "connected" ? holds : ""}</span>
      {(unknownSessions ?? 0) > 0 && (
        <span class="node-trouble">{`! ${plural(unknownSessions ?? 0, "session")} that no node holds`}</span>
      )}
      {unseenWhy !== null && <span class="node-trouble">! may not see all media</span>}
      {state !== "connected" && <span class="node-trouble">{`! away for ${duration(now - since)}`}</span>}
    </li>
  );
}
