/** After a meeting: where it went, and the way back. */
import { h, icon, type IconName } from "./dom.js";

export interface EndPage {
  readonly testid: string;
  readonly picture: IconName;
  readonly title: string;
  readonly text: string;
  /** The way back into the meeting. */
  readonly again: string;
  readonly againId: string;
}

export const SWITCHED: EndPage = {
  testid: "switched-page",
  picture: "switch",
  title: "The meeting was switched to another tab",
  text: "You are still in it, over there. Nobody noticed anything.",
  again: "Use here instead",
  againId: "use-here-button",
};

const ENDED = { testid: "ended-page", again: "Join again", againId: "rejoin-button" } as const;

/** What to say for the reason of a `left` or a `disconnected`. */
export function endPageFor(reason: string): EndPage {
  const page = (picture: IconName, title: string, text: string): EndPage => ({ ...ENDED, picture, title, text });
  switch (reason) {
    case "transferred":
      return SWITCHED;
    case "left":
    case "client_initiated":
      return page("door", "You left the meeting", "Camera and microphone are off.");
    case "kicked":
      return page("ghost", "Your session was ended", "An operator, or you yourself with “Force cleanup”, removed it.");
    case "room_closed":
      return page("door", "The room was closed", "Everybody was sent home.");
    case "unauthorized":
      return page("ghost", "The service did not let you in", "Your token was not accepted.");
    case "gave_up":
      return page("ghost", "The service cannot be reached", "The page has stopped trying.");
    case "room_full":
      return page("people", "The room is full", "Try again when somebody has left.");
    case "duplicate_session":
      return page("people", "You are in this room already", "Another tab or device of yours is in it.");
    default:
      return page("ghost", "The meeting has ended for you", `Reason: ${reason.replaceAll("_", " ")}.`);
  }
}

export function showEndPage(root: HTMLElement, page: EndPage, go: { again: () => void; home: () => void }): void {
  const again = h("button", { class: "primary", type: "button", testid: page.againId }, page.again);
  const home = h("button", { class: "ghost", type: "button", testid: "home-button" }, "Start page");
  again.addEventListener("click", go.again, { once: true });
  home.addEventListener("click", go.home, { once: true });
  root.replaceChildren(
    h(
      "main",
      { class: "end", testid: page.testid },
      h(
        "section",
        { class: "card" },
        h("span", { class: "end-picture" }, icon(page.picture)),
        h("h1", {}, page.title),
        h("p", { class: "lead" }, page.text),
        h("div", { class: "buttons" }, again, home),
      ),
    ),
  );
  again.focus();
}
