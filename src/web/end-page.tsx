/** After a meeting or the telephone: why it ended, and a button that leads back. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "./icon.js";

/** What to say at the end of a meeting. */
export interface End {
  readonly testid: string;
  readonly picture: IconName;
  readonly title: string;
  readonly text: string;
  /** Text and test id of the button that leads back. */
  readonly again: string;
  readonly againId: string;
}

const SWITCHED: End = {
  testid: "switched-page",
  picture: "switch",
  title: "The meeting was switched to another tab",
  text: "You are still in it, over there. The others noticed nothing.",
  again: "Continue here",
  againId: "use-here-button",
};

const ENDED = { testid: "ended-page", again: "Join again", againId: "rejoin-button" } as const;

/**
 * @param reason as the events `left` and `state` of the client tell it, or the code of a refused join
 * @param why the client's own words, for what this page has no words for
 */
export function endOf(reason: string, why?: string): End {
  const page = (picture: IconName, title: string, text: string): End => ({ ...ENDED, picture, title, text });
  switch (reason) {
    case "transferred":
      return SWITCHED;
    case "left":
    case "client_initiated":
      return page("exit", "You left the meeting", "Camera and microphone are off.");
    case "kicked":
      return page("ghost", "Your session was ended", "An operator, or you yourself with “Remove me now”, removed it.");
    case "room_closed":
      return page("exit", "The room was closed", "Everybody had to leave.");
    case "blocked":
      return page("ghost", "You are blocked", "An operator does not let you in for now. Try again later.");
    case "unauthorized":
    case "refused":
    case "protocol_error":
    case "bad_message":
      return page("ghost", "The service did not let you in", why ?? "Your token was not accepted.");
    case "gave_up":
      return page("ghost", "The service cannot be reached", why ?? "The page has stopped trying.");
    case "room_full":
      return page("people", "The room is full", "Try again when somebody has left.");
    case "duplicate_session":
      return page("people", "You are in this room already", "Another tab or device of yours is in it.");
    default:
      return page("ghost", "The meeting has ended for you", why ?? `Reason: ${reason.replaceAll("_", " ")}.`);
  }
}

export function EndPage({ end, again, home }: { end: End; again: () => void; home: () => void }) {
  const wayBack = useRef<HTMLButtonElement>(null);
  const left = useRef(false);
  useLayoutEffect(() => wayBack.current?.focus(), []);
  const once = (go: () => void) => (): void => {
    if (left.current) return;
    left.current = true;
    go();
  };
  return (
    <main class="end" data-testid={end.testid}>
      <section class="card">
        <span class="end-picture">
          <Icon name={end.picture} />
        </span>
        <h1>{end.title}</h1>
        <p class="lead">{end.text}</p>
        <div class="buttons">
          <button ref={wayBack} type="button" class="primary" data-testid={end.againId} onClick={once(again)}>
            {end.again}
          </button>
          <button type="button" class="ghost" data-testid="home-button" onClick={once(home)}>
            Start page
          </button>
        </div>
      </section>
    </main>
  );
}
