/** What an operator has to know first: ghosts, cleanups that are stuck, nodes that do not answer. */
import { SessionCard } from "./session-card.js";
import type { Stuck } from "./shapes.js";
import { SmallButton } from "./small-button.js";
import type { Trouble } from "./snapshot.js";
import type { OpsStore } from "./store.js";
import { plural, reasonWords } from "./words.js";

export function Attention({ store }: { store: OpsStore }) {
  const trouble = store.snapshot.value?.trouble;
  if (!trouble) return null;
  const { ghosts, closing, stuck, missing, failing } = trouble;
  const calm = [ghosts, closing, stuck, missing, failing].every(({ length }) => length === 0);
  const notes = [
    ...missing.map((node) => `Node ${node} did not answer: its sessions are not shown.`),
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

function headline({ ghosts, closing, stuck }: Trouble): string {
  const parts = [
    ...(stuck.length > 0 ? [plural(stuck.length, "stuck cleanup")] : []),
    ...(ghosts.length > 0 ? [plural(ghosts.length, "ghost")] : []),
    ...(closing.length > 0 ? [`${plural(closing.length, "session")} being cleaned up`] : []),
  ];
  return parts.length === 0 ? "Something does not work" : parts.join(", ");
}
