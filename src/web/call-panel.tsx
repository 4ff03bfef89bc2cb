/** The current call: the other user, the buttons, and the pictures once it was answered. */
import type { CallSnapshot } from "@lastseen/client";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { Controls } from "./controls.js";
import { Icon, type IconName } from "./icon.js";
import type { PhoneStore } from "./phone-store.js";
import { stateText } from "./phone-words.js";
import { RingTone } from "./ring-tone.js";
import { Stage } from "./stage.js";

export function CallPanel({ store }: { store: PhoneStore }) {
  const call = store.call.value;
  // There without a call too: a screen reader reads out only what changes within an element that it knows.
  return (
    <section
      class="call"
      data-testid="call-panel"
      hidden={!call}
      aria-live="polite"
      data-state={call?.state}
      data-direction={call?.direction}
      data-call={call?.callId}
    >
      {call?.state === "ringing" && <Ringing key={call.callId} call={call} store={store} />}
      {call?.state === "active" && <Active key={call.callId} call={call} store={store} />}
    </section>
  );
}

function Ringing({ call, store }: { call: CallSnapshot; store: PhoneStore }) {
  const { calls } = store.client;
  const { direction, kind } = call;
  useLayoutEffect(() => {
    const tone = new RingTone();
    tone.start(direction);
    return () => tone.stop();
  }, [direction]);
  const button = (testid: string, label: string, icon: IconName, look: string, act: () => Promise<unknown>) => (
    <CallButton
      testid={testid}
      label={label}
      icon={icon}
      look={look}
      act={() => void act().catch((error: unknown) => store.refused(error))}
    />
  );
  return (
    <>
      <Head call={call} />
      <div class="call-buttons">
        {direction === "incoming" ? (
          <>
            {button("decline-button", "Decline", "leave", "danger", () => calls.decline())}
            {button("accept-button", "Accept", kind === "video" ? "camera" : "mic", "accept", () => calls.accept())}
          </>
        ) : (
          button("cancel-button", "Cancel", "leave", "danger", () => calls.cancel())
        )}
      </div>
    </>
  );
}

/** A button that can be clicked once. */
function CallButton(props: { testid: string; label: string; icon: IconName; look: string; act: () => void }) {
  const [clicked, setClicked] = useState(false);
  const click = (): void => {
    setClicked(true);
    props.act();
  };
  return (
    <div class="call-button">
      <button
        type="button"
        class={`round ${props.look}`}
        data-testid={props.testid}
        aria-label={props.label}
        disabled={clicked}
        onClick={click}
      >
        <Icon name={props.icon} />
      </button>
      <span>{props.label}</span>
    </div>
  );
}

function Active({ call, store }: { call: CallSnapshot; store: PhoneStore }) {
  return (
    <>
      <Head call={call}>
        <CallTime since={call.acceptedAt ?? undefined} />
      </Head>
      <Stage call={store.live} />
      <Controls
        call={store.live}
        fake={store.settings.fake}
        leave={() => void store.client.calls.end().catch((error: unknown) => store.refused(error))}
        toggleSide={() => {}}
        problem={(text) => (store.notice.value = { text, reason: "devices" })}
      />
    </>
  );
}

function Head({ call, children }: { call: CallSnapshot; children?: ComponentChildren }) {
  return (
    <header class="call-head">
      <p class="lead" data-testid="call-state">
        {stateText(call)}
      </p>
      <h2 data-testid="call-peer">{call.peer.name}</h2>
      {children}
    </header>
  );
}

/** @param since epoch ms; undefined: now */
function CallTime({ since }: { since: number | undefined }) {
  const [now, setNow] = useState(Date.now);
  const [begin] = useState(since ?? now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="call-time" data-testid="call-time">
      {duration(now - begin)}
    </span>
  );
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
