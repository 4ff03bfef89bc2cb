/** What an operator has to know first: ghosts, cleanups that are stuck, nodes that do not answer, agents that are away. */
import type { AgentRow } from "./agent-shapes.js";
import type { Problem } from "./contact.js";
import { SessionCard } from "./session-card.js";
import type { Stuck } from "./shapes.js";
import { SmallButton } from "./small-button.js";
import type { Trouble } from "./snapshot.js";
import type { OpsStore } from "./store.js";
import { clockTime, plural, reasonWords } from "./words.js";

export function Attention({ store }: { store: OpsStore }) {
  const trouble = store.snapshot.value?.trouble;
  const problem = store.contact.problem.value;
  if (problem) return <Unknown problem={problem} answeredAt={store.contact.answeredAt.value} />;
  if (!trouble) return null;
  const { ghosts, closing, stuck, missing, agents, failing } = trouble;
  const calm = isCalm(trouble);
  const notes = [
    ...missing.map((node) => `Node ${node} did not answer: its sessions are not shown.`),
    ...agents.map(agentTrouble),
    ...failing.map((part) => `${part} does not work.`),
  ];
  return (
    <section class="panel attention" data-testid="attention" data-calm={calm ? "" : undefined}>
      <h2 data-testid="attention-title">{calm ? "✓ Nothing needs attention" : `! ${headline(trouble)}`}</h2>
      <ul class="notes">
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      <ul class="sessions">
        {stuck.map((cleanup) => (
          <StuckCleanup key={`${cleanup.sessionId} ${cleanup.roomId ?? ""}`} cleanup={cleanup} store={store} />
        ))}
      </ul>
      <ul class="sessions">
        {[...ghosts, ...closing].map((session) => (
          <SessionCard key={session.id} session={session} store={store} />
        ))}
      </ul>
    </section>
  );
}

/** The service does not answer: nobody knows what needs attention. */
function Unknown({ problem, answeredAt }: { problem: Problem; answeredAt: Date | undefined }) {
  const since = answeredAt
    ? `The last answer came at ${clockTime(answeredAt)}. What this page shows is from then.`
    : "";
  return (
    <section class="panel attention" data-testid="attention" data-unknown="">
      <h2 data-testid="attention-title">? Nobody knows what needs attention</h2>
      <p>{`${problem.text} ${since}`}</p>
    </section>
  );
}

function agentTrouble({ name, host, state, since, unseenWhy }: AgentRow): string {
  const agent = `Agent ${name} on ${host}`;
  if (state === "connected") return `${agent} may not see all media of its process: ${unseenWhy ?? ""}`;
  return `${agent} is away since ${clockTime(new Date(since))}: nobody knows what media its process has. Calls go on.`;
}

function StuckCleanup({ cleanup, store }: { cleanup: Stuck; store: OpsStore }) {
  const { sessionId, userId, name, roomId, reason, attempts, steps } = cleanup;
  const room = roomId === null ? "" : ` from “${roomId}”`;
  const failed = steps.map((step) => `“${step}”`).join(", ");
  return (
    <li class="session" data-testid="stuck" data-state="ghost">
      <span class="state">! Stuck</span>
      <div class="who">
        <bdi class="who-name">{name}</bdi>
        <bdi class="who-user">{userId}</bdi>
      </div>
      <span class="age-words">
        {`Cleaning up${room} (${reasonWords(reason)}) failed ${plural(attempts, "time")} at ${failed}; each sweep tries again`}
      </span>
      <div class="row-buttons">
        <SmallButton onClick={() => void store.explained.open(sessionId)}>Explain</SmallButton>
      </div>
    </li>
  );
}

/** What the browser shows as the page's name, so that a look at the tab is enough. */
export function pageTitle({ snapshot, contact }: OpsStore): string {
  const name = "Lastseen operators";
  if (contact.problem.value) return `? ${contact.problem.value.brief} · ${name}`;
  const trouble = snapshot.value?.trouble;
  return trouble && !isCalm(trouble) ? `! ${headline(trouble)} · ${name}` : name;
}

function isCalm({ ghosts, closing, stuck, missing, agents, failing }: Trouble): boolean {
  return [ghosts, closing, stuck, missing, agents, failing].every(({ length }) => length === 0);
}

function headline({ ghosts, closing, stuck }: Trouble): string {
  const parts = [
    ...(stuck.length > 0 ? [plural(stuck.length, "stuck cleanup")] : []),
    ...(ghosts.length > 0 ? [plural(ghosts.length, "ghost")] : []),
    ...(closing.length > 0 ? [`${plural(closing.length, "session")} being cleaned up`] : []),
  ];
  return parts.length === 0 ? "Something does not work" : parts.join(", ");
}
