/** A way to see for oneself what the service does: become a ghost here, and watch it from another window. */
import { useState } from "preact/hooks";
import { CUT_MS, FREEZE_MS, crashTab, freezeTab } from "./ghost-ways.js";
import { Icon } from "./icon.js";
import { inviteLink } from "./invite.js";
import type { MeetingStore } from "./meeting-store.js";

const SECOND_MS = 1_000;

export function GhostPanel({ store }: { store: MeetingStore }) {
  const [isFreezing, setFreezing] = useState(false);
  const { line } = store;
  const isCut = line.cutUntil.value !== undefined;
  const freeze = (): void => {
    setFreezing(true);
    // The words have to be on the screen before the page stands still.
    setTimeout(() => {
      freezeTab(FREEZE_MS);
      setFreezing(false);
    }, 100);
  };
  return (
    <details class="ghosts" data-testid="ghost-panel">
      <summary>
        <Icon name="ghost" />
        Try a ghost
      </summary>
      <p class="small">
        <a href={inviteLink(store.room)} target="_blank" rel="noopener" data-testid="second-window">
          Open the room in a second window
        </a>
        {" under another name. Then let this window vanish, and watch there how long you stay."}
      </p>
      <div class="ghost-ways">
        <Way testid="crash-button" label="Crash this tab" act={crashTab}>
          It is gone without a goodbye. Away after 1 s, removed after 5 s.
        </Way>
        <Way testid="freeze-button" label={isFreezing ? "Frozen…" : "Freeze it"} act={freeze}>
          {`It stands still for ${FREEZE_MS / SECOND_MS} s. Away within 20 s, and back when it runs again.`}
        </Way>
        <Way
          testid="cut-button"
          label={isCut ? "Connect it again" : "Cut its connection"}
          act={() => (isCut ? line.mend() : line.cut(CUT_MS))}
        >
          {`No connection for ${CUT_MS / SECOND_MS} s. Away after 1 s, removed after 20 s.`}
        </Way>
        <Way testid="force-cleanup-button" label="Remove me now" act={() => void store.forceCleanup()}>
          Asks the service to clean up your session, as an operator’s kick does.
        </Way>
      </div>
    </details>
  );
}

function Way(props: { testid: string; label: string; act: () => void; children: string }) {
  return (
    <div class="ghost-way">
      <button type="button" class="ghost small" data-testid={props.testid} onClick={props.act}>
        {props.label}
      </button>
      <span class="small">{props.children}</span>
    </div>
  );
}
