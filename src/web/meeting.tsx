import { Brand } from "./brand.js";
import { ConnectionBanner, ConnectionPill } from "./connection-banner.js";
import { Controls } from "./controls.js";
import { EventList } from "./event-list.js";
import { GhostPanel } from "./ghost-panel.js";
import { Icon } from "./icon.js";
import { InviteButton } from "./invite.js";
import type { MeetingStore } from "./meeting-store.js";
import { People } from "./people.js";
import { Stage } from "./stage.js";

export function MeetingPage({ store }: { store: MeetingStore }) {
  const { call, status, sideOpen } = store;
  return (
    <div class="meeting" data-testid="meeting" data-side={sideOpen.value ? "" : undefined}>
      <header>
        <Brand />
        <h1>
          <bdi>{store.room}</bdi>
        </h1>
        <InviteButton room={store.room} />
        <ConnectionPill status={status} />
      </header>
      <ConnectionBanner status={status} />
      <main>
        <Stage call={call} />
        <SoundButton store={store} />
        <Toast store={store} />
      </main>
      <aside>
        <button type="button" class="side-close" aria-label="Close" onClick={() => (sideOpen.value = false)}>
          <Icon name="close" />
        </button>
        <section class="who">
          <h2>
            {`People (${call.participants.value.length})`}
            {!call.isLive.value && ", as last known"}
          </h2>
          <People call={call} freshness={store.freshness} />
        </section>
        <GhostPanel store={store} />
        <section class="events">
          <h2>Events</h2>
          <EventList log={store.log} />
        </section>
      </aside>
      <footer>
        <Controls
          call={call}
          fake={store.fake}
          leave={() => void store.leave()}
          toggleSide={() => (sideOpen.value = !sideOpen.value)}
          problem={(text) => store.say(text)}
        />
      </footer>
    </div>
  );
}

/** Shown where the browser waits for a click before it plays sound. */
function SoundButton({ store: { call } }: { store: MeetingStore }) {
  if (!call.silenced.value) return null;
  const turnOn = (): void => {
    call.silenced.value = false;
    for (const audio of document.querySelectorAll("audio")) void audio.play();
  };
  return (
    <button type="button" class="primary sound" data-testid="sound-button" onClick={turnOn}>
      Turn sound on
    </button>
  );
}

function Toast({ store: { toast } }: { store: MeetingStore }) {
  return (
    <div class="toast" role="alert" hidden={toast.value === ""}>
      {toast.value}
    </div>
  );
}
