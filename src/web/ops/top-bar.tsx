import { SmallButton } from "./small-button.js";
import type { OpsStore } from "./store.js";
import { clockTime, drainWords } from "./words.js";

/** Whether the service answers, and what an operator can do with the whole node. */
export function TopBar({ store, signOut }: { store: OpsStore; signOut: (() => void) | undefined }) {
  return (
    <header class="top">
      <h1 class="brand">
        <img src="icon.svg" alt="" />
        Lastseen operators
      </h1>
      <LivePill store={store} />
      <div class="top-buttons">
        <SmallButton testid="clean-up" onClick={() => void store.actions.cleanUp()}>
          Clean up now
        </SmallButton>
        <DrainButton store={store} />
        {signOut && (
          <SmallButton testid="sign-out" onClick={signOut}>
            Sign out
          </SmallButton>
        )}
      </div>
    </header>
  );
}

function LivePill({ store }: { store: OpsStore }) {
  const { contact, snapshot } = store;
  const problem = contact.problem.value;
  const answeredAt = contact.answeredAt.value;
  const time = answeredAt && clockTime(answeredAt);
  const state = problem ? "disconnected" : snapshot.value ? "connected" : "connecting";
  const words = {
    connected: "Live",
    connecting: "Asking…",
    disconnected: `${problem?.brief} since ${time ?? "the start"}, trying on`,
  };
  return (
    <span class="pill" data-testid="live" data-state={state}>
      <i />
      <span role="status">{words[state]}</span>
      {!problem && time !== undefined && <span class="small">{`last answer ${time}`}</span>}
    </span>
  );
}

function DrainButton({ store }: { store: OpsStore }) {
  const health = store.snapshot.value?.health;
  // A single node has no other node that could take its sessions.
  if (!health || health.checks.redis === "off") return null;
  return (
    <SmallButton
      danger
      testid="drain"
      // While sessions are left, a second drain tries again to hand them over.
      disabled={health.draining && health.counts.sessions === 0}
      onClick={() => void store.actions.drain(health.nodeId)}
    >
      {health.draining ? drainWords(health) : "Drain node"}
    </SmallButton>
  );
}
