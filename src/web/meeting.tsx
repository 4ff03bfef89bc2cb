import { Brand } from "./brand.js";
import { ConnectionBanner, ConnectionPill } from "./connection-banner.js";
import { Controls } from "./controls.js";
import { EventList } from "./event-list.js";
import { Icon } from "./icon.js";
import type { MeetingStore } from "./meeting-store.js";
import { People } from "./people.js";
import { Stage } from "./stage.js";

export function MeetingPage({ store }: { store: MeetingStore }) {
  const { call, status, sideOpen } = store;
  return (
    <div class="meeting" data-testid="meeting" data-side={sideOpen.value ? "" : undefined}>
      <header>
        <Brand />
        <h1>{store.room}</h1>
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
        <section>
          <h2>People</h2>
          <People call={call} freshness={store.freshness} />
        </section>
        <section class="events">
          <h2>Events</h2>
          <EventList log={store.log} />
        </section>
        <button
          type="button"
          class="ghost small"
          data-testid="force-cleanup-button"
          onClick={() => void store.forceCleanup()}
        >
          Force cleanup of my session
        </button>
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
