/** The page of an operator whom the service has let in. */
import { useEffect } from "preact/hooks";
import { Attention, pageTitle } from "./attention.js";
import { BlockedUsers } from "./blocked-users.js";
import { ConfirmDialog } from "./confirm-dialog.js";
import { ExplanationPanel } from "./explanation.js";
import { LastHourCharts } from "./last-hour-charts.js";
import { NodesPicture } from "./nodes-picture.js";
import { Overview } from "./overview.js";
import { RoomBar } from "./room-bar.js";
import { SessionList } from "./session-list.js";
import type { OpsStore } from "./store.js";
import { TopBar } from "./top-bar.js";

/** @param signOut undefined where there is no token to forget */
export function Console({ store, signOut }: { store: OpsStore; signOut: (() => void) | undefined }) {
  const outcome = store.outcome.value;
  const question = store.question.value;
  const title = pageTitle(store);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <div class="console" data-testid="console" data-old={store.contact.problem.value && ""}>
      <TopBar store={store} signOut={signOut} />
      <p class="said" role="status" hidden={outcome === ""} data-testid="said">
        {outcome}
      </p>
      <main>
        <div class="column">
          <Attention store={store} />
          <Overview health={store.snapshot.value?.health} />
          <NodesPicture store={store} />
          <LastHourCharts lastHour={store.lastHour} />
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
