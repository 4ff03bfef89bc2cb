/** One session explained: its state, the evidence that decides, and what happened to it and why. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { evidenceWords } from "./evidence-words.js";
import type { ExplainedSession, Explanation } from "./explained-session.js";
import { FoundSessions } from "./found-sessions.js";
import type { SessionRow } from "./shapes.js";
import { SmallButton } from "./small-button.js";
import { Timeline } from "./timeline.js";
import { causeWords, duration, outlook, reasonWords, stateWords } from "./words.js";

export function ExplanationPanel({ explained }: { explained: ExplainedSession }) {
  const panel = useRef<HTMLElement>(null);
  const answer = useRef<HTMLDivElement>(null);
  const sessionId = explained.sessionId.value;
  const explanation = explained.explanation.value;
  const note = explained.note.value;
  const answered = sessionId !== "" && (explanation !== undefined || note !== "");
  // Only the answer to the operator's own question is brought into view, not what later refreshes change.
  useLayoutEffect(() => {
    if (!answered) return;
    answer.current?.focus({ preventScroll: true });
    panel.current?.scrollIntoView({ block: "nearest" });
  }, [sessionId, answered]);

  return (
    <section ref={panel} class="panel explain" aria-labelledby="explain-title">
      <h2 id="explain-title">Why?</h2>
      <Lookup explained={explained} />
      <p class="small" role="status" data-testid="explanation-note">
        {note}
      </p>
      <FoundSessions explained={explained} />
      {sessionId !== "" && explained.found.value && (
        <SmallButton testid="back-to-found" onClick={() => explained.backToFound()}>
          All that were found
        </SmallButton>
      )}
      {explanation && (
        <div
          ref={answer}
          class="answer"
          data-testid="explanation"
          tabIndex={-1}
          data-state={explanation.session?.state ?? "ended"}
        >
          <Answer key={sessionId} explanation={explanation} />
        </div>
      )}
    </section>
  );
}

function Lookup({ explained }: { explained: ExplainedSession }) {
  return (
    <form
      class="lookup"
      role="search"
      aria-label="Why is somebody gone, or here?"
      onSubmit={(event) => {
        event.preventDefault();
        void explained.search(explained.typed.value);
      }}
    >
      <input
        type="search"
        name="sessionId"
        aria-label="User, name, room or session id"
        placeholder="user, name, room or session id"
        autocomplete="off"
        spellcheck={false}
        data-testid="session-id"
        value={explained.typed.value}
        onInput={({ currentTarget }) => (explained.typed.value = currentTarget.value)}
      />
      <button class="ghost small" data-testid="look-up">
        Search
      </button>
    </form>
  );
}

function Answer({ explanation: { session, timeline, at } }: { explanation: Explanation }) {
  return (
    <>
      <h3>{session ? <bdi>{session.name}</bdi> : "A session that has ended"}</h3>
      <p class="summary" data-testid="summary">
        {session && summary(session, at)}
      </p>
      <ul class="evidence" data-testid="evidence">
        {session && evidenceOf(session, at).map((line, index) => <li key={index}>{line}</li>)}
      </ul>
      <Timeline entries={timeline} />
    </>
  );
}

function evidenceOf({ evidence, end }: SessionRow, now: number): string[] {
  return end ? evidenceWords(evidence, end.at, "before the end") : evidenceWords(evidence, now, "ago");
}

function summary(session: SessionRow, now: number): string {
  const { end, userId, nodeId, roomId, openedAt, cause } = session;
  const where = roomId === null ? "in no room" : `in the room “${roomId}”`;
  if (end) {
    const known = cause === "heard" ? "" : ` What was known: ${causeWords(cause)}.`;
    return `Ended ${duration(now - end.at)} ago because ${reasonWords(end.reason)}, ${duration(end.at - openedAt)} after it began.${known} User ${userId}, ${where}, node ${nodeId}.`;
  }
  const { sign, word } = stateWords(session.state);
  return `${sign} ${word}: ${outlook(session, session.changesInMs)}. User ${userId}, ${where} on node ${nodeId}, here for ${duration(now - openedAt)}.`;
}
