import type { ExplainedSession } from "./explained-session.js";
import type { SessionRow } from "./shapes.js";
import { duration, plural, reasonWords, stateWords } from "./words.js";

/** The sessions that fit what the operator typed; a click explains one. */
export function FoundSessions({ explained }: { explained: ExplainedSession }) {
  const found = explained.found.value;
  if (!found || explained.sessionId.value !== "") return null;
  const { sessions, at } = found;
  return (
    <>
      <p class="small" role="status" data-testid="found-count">
        {`${plural(sessions.length, "session")} like this. Choose one:`}
      </p>
      <ul class="found" data-testid="found">
        {sessions.map((session) => (
          <li key={session.id}>
            <button
              type="button"
              class="found-session"
              data-testid="found-session"
              data-state={session.state}
              onClick={() => void explained.open(session.id)}
            >
              <span class="found-who">
                <bdi>{session.name}</bdi>
                {session.userId !== session.name && (
                  <span class="small">
                    <bdi>{session.userId}</bdi>
                  </span>
                )}
                {session.roomId !== null && (
                  <span class="small">
                    {"in "}
                    <bdi>{session.roomId}</bdi>
                  </span>
                )}
              </span>
              <span class="small">{whatHappened(session, at)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function whatHappened({ state, end, openedAt }: SessionRow, now: number): string {
  if (end) return `Ended ${duration(now - end.at)} ago: ${reasonWords(end.reason)}`;
  return `${stateWords(state).word}, here for ${duration(now - openedAt)}`;
}
