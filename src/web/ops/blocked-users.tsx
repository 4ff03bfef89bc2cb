import type { BlockRow } from "./shapes.js";
import { SmallButton } from "./small-button.js";
import type { OpsStore } from "./store.js";
import { actorWords, duration, plural } from "./words.js";

/** The blocks that end first are shown; the API lists all. */
const MOST_SHOWN = 50;

/** Who may not come, until when, and who said so. */
export function BlockedUsers({ store }: { store: OpsStore }) {
  const blocks = store.snapshot.value?.blocks ?? [];
  if (blocks.length === 0) return null;
  const hidden = Math.max(0, blocks.length - MOST_SHOWN);
  return (
    <section class="panel" aria-labelledby="blocks-title" data-testid="blocks">
      <h2 id="blocks-title">Blocked users</h2>
      <ul class="sessions">
        {blocks.slice(0, MOST_SHOWN).map((block) => (
          <Block key={`${block.userId}\n${block.roomId ?? ""}`} block={block} store={store} />
        ))}
      </ul>
      <p class="small">{hidden > 0 && `and ${plural(hidden, "block")} more, which last longer.`}</p>
    </section>
  );
}

function Block({ block, store }: { block: BlockRow; store: OpsStore }) {
  const { userId, roomId, expiresAt, by } = block;
  const where = roomId === null ? "everywhere" : `from the room “${roomId}”`;
  const left = duration(expiresAt - store.moment.now);
  return (
    <li class="blocked" data-testid="blocked" data-user-id={userId}>
      <bdi class="who-name">{userId}</bdi>
      <span class="small">{`${where}, for ${left} more; asked for by ${actorWords(by)}`}</span>
      <SmallButton testid="unblock" label={`Unblock ${userId}`} onClick={() => void store.actions.unblock(block)}>
        Unblock
      </SmallButton>
    </li>
  );
}
