/** The page of an operator whom the service has let in. */
import { Attention } from "./attention.js";
import { BlockedUsers } from "./blocked-users.js";
import { ConfirmDialog } from "./confirm-dialog.js";
import { ExplanationPanel } from "./explanation.js";
import { Overview } from "./overview.js";
import { RoomBar } from "./room-bar.js";
import { SessionList } from "./session-list.js";
import type { OpsStore } from "./store.js";
import { TopBar } from "./top-bar.js";

/** @param signOut undefined where there is no token to forget */
export function Console({ store, signOut }: { store: OpsStore; signOut: (() => void) | undefined }) {
  const outcome = store.outcome.value;
  const question = store.question.value;
  return (
    <div class="console" data-testid="console" data-old={store.failingSince.value ? "" : undefined}>
      <TopBar store={store} signOut={signOut} />
      <p class="said" role="status" hidden={outcome === ""} data-testid="said">
        {outcome}
      </p>
      <main>
        <div class="column">
          <Overview health={store.snapshot.value?.health} />
          <Attention store={store} />
          <RoomBar store={store} />
          <SessionList store={store} />
          <BlockedUsers store={store} />
        </div>
        <ExplanationPanel explained={store.explained} />
      </main>
      {question && <ConfirmDialog question={question} answer={question.answer} />}
    </div>
  );
}
