import type { NodeRow } from "./shapes.js";
import type { OpsStore } from "./store.js";
import { duration, plural } from "./words.js";

/** All nodes side by side: what each holds, and how its share compares with the others. Nothing where one node is alone. */
export function NodesPicture({ store }: { store: OpsStore }) {
  const { nodes = [], health, trouble } = store.snapshot.value ?? {};
  const missing = trouble?.missing.filter((nodeId) => nodes.every((node) => node.nodeId !== nodeId)) ?? [];
  if (nodes.length + missing.length < 2) return null;
  const most = Math.max(1, ...nodes.map(({ sessions }) => sessions));
  const sorted = nodes.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  return (
    <section class="panel" aria-labelledby="nodes-title" data-testid="nodes">
      <h2 id="nodes-title">{plural(nodes.length + missing.length, "node")}</h2>
      <ul class="nodes">
        {sorted.map((node) => (
          <NodeBox key={node.nodeId} node={node} isThis={node.nodeId === health?.nodeId} share={node.sessions / most} />
        ))}
        {missing.map((nodeId) => (
          <li key={nodeId} class="node" data-testid="node" data-state="missing">
            <strong>
              <bdi>{nodeId}</bdi>
            </strong>
            <span class="node-trouble">! does not answer</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function NodeBox({ node, isThis, share }: { node: NodeRow; isThis: boolean; share: number }) {
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
    </li>
  );
}
