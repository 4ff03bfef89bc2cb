import { AgeBar } from "./age-bar.js";
import type { SessionRow } from "./shapes.js";
import { SmallButton } from "./small-button.js";
import type { OpsStore } from "./store.js";
import { duration, outlook, plural, stateWords } from "./words.js";

/** One session: who, in what state, how fresh, what happens next, and what an operator can do about it. */
export function SessionCard({ session, store }: { session: SessionRow; store: OpsStore }) {
  const { id, userId, name, nodeId, roomId, state, media, end } = session;
  const { now, sinceToldMs } = store.moment;
  const { sign, word } = stateWords(state);
  const ageMs = now - session.lastSeenAt;
  const changesInMs = session.changesInMs - sinceToldMs;
  return (
    <li class="session" data-testid="session" data-session-id={id} data-state={state}>
      <span class="state" data-testid="state">{`${sign} ${word}`}</span>
      <div class="who">
        <bdi class="who-name" data-testid="name" title={`User ${userId}, session ${id}, node ${nodeId}`}>
          {name}
        </bdi>
        <span class="who-user">
          <bdi>{userId === name ? "" : userId}</bdi>
        </span>
      </div>
      <div class="age">
        {!end && <AgeBar settings={store.settings} state={state} ageMs={ageMs} changesInMs={changesInMs} />}
        <div class="age-words">
          <span class="seen-ago">{end ? `ended ${duration(now - end.at)} ago` : `seen ${duration(ageMs)} ago`}</span>
          <span class="outlook">{outlook(session, changesInMs)}</span>
        </div>
      </div>
      {end ? (
        <span class="media-counts">{roomId === null ? "in no room" : `in “${roomId}”`}</span>
      ) : (
        <span class="media-counts" title={`Producers, consumers; ${plural(media.transports, "transport")}`}>
          {media.transports === 0 ? "no media" : `sends ${media.producers}, receives ${media.consumers}`}
        </span>
      )}
      <div class="row-buttons">
        <SmallButton
          testid="explain"
          label={`Explain the session of ${name}`}
          onClick={() => void store.explained.open(id)}
        >
          Explain
        </SmallButton>
        <SmallButton danger testid="block" label={`Block ${name}`} onClick={() => void store.actions.block(session)}>
          Block
        </SmallButton>
        {!end && (
          <SmallButton danger testid="kick" label={`Kick ${name}`} onClick={() => void store.actions.kick(session)}>
            Kick
          </SmallButton>
        )}
      </div>
    </li>
  );
}
