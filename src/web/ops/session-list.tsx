/** One page of the sessions that fit the filter, by room; of those that have ended, by their ends. */
import { RoomGroup } from "./room-group.js";
import { SessionCard } from "./session-card.js";
import { SessionFilter } from "./session-filter.js";
import type { RoomRow, SessionRow, Settings } from "./shapes.js";
import { SmallButton } from "./small-button.js";
import { PAGE_SIZE, type OpsStore } from "./store.js";
import { duration, plural } from "./words.js";

export function SessionList({ store }: { store: OpsStore }) {
  const { page, rooms } = store.snapshot.value ?? {};
  const sessions = page?.sessions ?? [];
  const isOver = store.filter.value.state === "ended";
  return (
    <section class="panel" aria-labelledby="sessions-title">
      <h2 id="sessions-title">{isOver ? "Who was here" : "Who is here"}</h2>
      <SessionFilter store={store} />
      <Legend settings={store.settings} />
      {isOver && (
        <ul class="sessions">
          {sessions.map((session) => (
            <SessionCard key={session.id} session={session} store={store} />
          ))}
        </ul>
      )}
      <div class="groups" hidden={isOver}>
        {byRoom(isOver ? [] : sessions).map(([roomId, inRoom]) => (
          <RoomGroup key={roomId ?? ""} room={roomOf(roomId, rooms)} roomId={roomId} sessions={inRoom} store={store} />
        ))}
      </div>
      {page?.sessions.length === 0 && (
        <p class="small no-sessions" data-testid="no-sessions">
          {isNarrowed(store) ? "No session fits this filter." : "Nobody is here now."}
        </p>
      )}
      <Pages store={store} shown={sessions.length} order={isOver ? "last end first" : "oldest first"} />
    </section>
  );
}

function isNarrowed({ filter }: OpsStore): boolean {
  return Object.values(filter.value).some((wanted) => wanted !== "");
}

function Pages({ store, shown, order }: { store: OpsStore; shown: number; order: string }) {
  const before = store.cursors.value.length;
  const total = Math.max(shown, store.snapshot.value?.page.total ?? 0);
  const pages = Math.max(before + 1, Math.ceil(total / PAGE_SIZE));
  if (total === 0 && before === 0) return null;
  const more = typeof store.snapshot.value?.page.cursor === "string";
  return (
    <nav class="pages" aria-label="Pages">
      <SmallButton testid="page-back" disabled={before === 0} onClick={() => store.previousPage()}>
        Back
      </SmallButton>
      <span class="small" data-testid="page-number">
        {`Page ${before + 1} of ${pages}, ${shown} of ${plural(total, "session")}, ${order}`}
      </span>
      <SmallButton testid="page-next" disabled={!more} onClick={() => store.nextPage()}>
        Next page
      </SmallButton>
    </nav>
  );
}

function Legend({ settings }: { settings: Settings }) {
  const { heartbeatIntervalMs, awayAfterMs, idleTimeoutMs, sweepIntervalMs } = settings;
  return (
    <details class="small legend">
      <summary>What the bars mean</summary>
      {`A bar grows with the time since the last message. Thin lines: the next heartbeat is due (${duration(heartbeatIntervalMs)}), `}
      {`away (${duration(awayAfterMs)}). Full: idle (${duration(idleTimeoutMs)}), removed by the next sweep `}
      {`(each ${duration(sweepIntervalMs)}). A strong line: a ghost from there on, if its client does not come back.`}
    </details>
  );
}

/** By room id, sorted; sessions in no room come last, under null. */
function byRoom(sessions: readonly SessionRow[]): [string | null, SessionRow[]][] {
  const groups = new Map<string | null, SessionRow[]>();
  for (const session of sessions) {
    const group = groups.get(session.roomId);
    if (group) group.push(session);
    else groups.set(session.roomId, [session]);
  }
  return [...groups].sort(([a], [b]) => Number(a === null) - Number(b === null) || (String(a) < String(b) ? -1 : 1));
}

function roomOf(roomId: string | null, rooms: readonly RoomRow[] | undefined): RoomRow | undefined {
  return rooms?.find(({ id }) => id === roomId);
}
