import { useRef } from "preact/hooks";
import { isolated } from "./names.js";
import type { MissedCall, PhoneStore } from "./phone-store.js";

const STATUS_WORDS = { available: "Available", busy: "In a call", offline: "Not there" } as const;

/** Whom to call, whether they are free, and the missed calls. */
export function DialCard({ store, hidden }: { store: PhoneStore; hidden: boolean }) {
  const { user, callee } = store;
  const field = useRef<HTMLInputElement>(null);
  const status = store.calleeStatus.value;
  const call = (kind: "audio" | "video"): void => {
    if (callee.value.trim() === "") field.current?.focus();
    else void store.start(kind);
  };
  return (
    <form
      class="card dial"
      hidden={hidden}
      onSubmit={(event) => {
        event.preventDefault();
        const button = event.submitter;
        call(button instanceof HTMLButtonElement && button.value === "video" ? "video" : "audio");
      }}
    >
      <p class="small">
        You are{" "}
        <strong data-testid="own-id">
          <bdi>{user.id}</bdi>
        </strong>
        {user.id !== user.name && ` (${isolated(user.name)})`}
      </p>
      <label>
        <span>Whom do you want to call?</span>
        <input
          ref={field}
          data-testid="callee-input"
          maxLength={128}
          dir="auto"
          placeholder="the user id, for example bob"
          autocomplete="off"
          spellcheck={false}
          value={callee.value}
          onInput={({ currentTarget }) => (callee.value = currentTarget.value)}
          onChange={() => void store.watchCallee()}
        />
      </label>
      <span class="callee-status" data-testid="callee-status" data-status={status}>
        {status && STATUS_WORDS[status]}
      </span>
      <div class="dial-buttons">
        <button type="submit" class="primary" data-testid="call-audio-button" value="audio">
          Call
        </button>
        <button type="submit" class="ghost" data-testid="call-video-button" value="video">
          Video call
        </button>
      </div>
      <p class="small">
        {"To try it alone, "}
        <a href="?phone=1" target="_blank" rel="noopener">
          open a second phone
        </a>
        {" and call the name that stands there."}
      </p>
      <h2>Missed calls</h2>
      <ol class="missed" data-testid="missed-calls">
        {store.missed.value.map((missed) => (
          <Missed
            key={missed.callId}
            missed={missed}
            callBack={() => {
              callee.value = missed.userId;
              call("audio");
            }}
          />
        ))}
      </ol>
    </form>
  );
}

function Missed({ missed: { userId, name, at }, callBack }: { missed: MissedCall; callBack: () => void }) {
  return (
    <li data-testid="missed-call" data-user-id={userId}>
      <time dateTime={at.toISOString()}>{at.toLocaleTimeString([], { hour12: false })}</time>
      <span>
        <bdi>{name}</bdi>
      </span>
      <button type="button" class="ghost small" onClick={callBack}>
        Call back
      </button>
    </li>
  );
}
