/** The current call: the other user, the buttons, and the pictures once it was answered. */
import type { CallSnapshot } from "@lastseen/client";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Controls } from "./controls.js";
import { Icon, type IconName } from "./icon.js";
import type { PhoneStore } from "./phone-store.js";
import { stateText } from "./phone-words.js";
import { RingTone } from "./ring-tone.js";
import { Stage } from "./stage.js";

export function CallPanel({ store }: { store: PhoneStore }) {
  const call = store.call.value;
  return (
    <section
      class="call"
      data-testid="call-panel"
      hidden={!call}
      aria-label="Call"
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
  const isIncoming = direction === "incoming";
  const panel = useRef<HTMLDivElement>(null);
  // Not the button: somebody who types would accept the call by mistake.
  useLayoutEffect(() => {
    if (isIncoming) panel.current?.focus();
  }, [isIncoming]);
  useTitle(isIncoming ? `${call.peer.name} calls you` : undefined);
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
    <div
      ref={panel}
      class="ringing"
      role={isIncoming ? "alertdialog" : "group"}
      aria-label={isIncoming ? `${call.peer.name} calls you` : "Outgoing call"}
      tabIndex={-1}
      data-testid="ringing"
    >
      <Head call={call} />
      <div class="call-buttons">
        {isIncoming ? (
          <>
            {button("decline-button", "Decline", "leave", "danger", () => calls.decline())}
            {button("accept-button", "Accept", kind === "video" ? "camera" : "mic", "accept", () => calls.accept())}
          </>
        ) : (
          button("cancel-button", "Cancel", "leave", "danger", () => calls.cancel())
        )}
      </div>
    </div>
  );
}

/** Names the page so for as long as the component is there; undefined: changes nothing. */
function useTitle(title: string | undefined): void {
  useLayoutEffect(() => {
    if (title === undefined) return undefined;
    const before = document.title;
    document.title = title;
    return () => {
      document.title = before;
    };
  }, [title]);
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
      <p class="lead" role="status" data-testid="call-state">
        {stateText(call)}
      </p>
      <h2 data-testid="call-peer">
        <bdi>{call.peer.name}</bdi>
      </h2>
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
