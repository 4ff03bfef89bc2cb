/** The call on the screen: who it is, what can be done, the pictures. */
import type { CallSnapshot, LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { Controls } from "./controls.js";
import { h, icon, setAttributes, setText, type IconName } from "./dom.js";
import { stateText } from "./phone-words.js";
import { RingTone } from "./ring-tone.js";
import { Stage } from "./stage.js";

export class CallPanel {
  readonly element = h("section", { class: "call", testid: "call-panel", hidden: true, "aria-live": "polite" });
  readonly #client: LastseenClient;
  readonly #media: LastseenMedia;
  readonly #fake: boolean;
  readonly #problem: (error: unknown) => void;
  readonly #tone = new RingTone();
  #parts: { close(): void }[] = [];

  constructor(
    client: LastseenClient,
    media: LastseenMedia,
    options: { fake: boolean; problem: (error: unknown) => void },
  ) {
    this.#client = client;
    this.#media = media;
    this.#fake = options.fake;
    this.#problem = options.problem;
  }

  show(call: CallSnapshot | undefined): void {
    this.#clear();
    this.element.hidden = call === undefined;
    if (!call) return;
    setAttributes(this.element, {
      "data-state": call.state,
      "data-direction": call.direction,
      "data-call": call.callId,
    });
    if (call.state === "active") this.#showActive(call);
    else this.#showRinging(call);
  }

  close(): void {
    this.#clear();
  }

  #clear(): void {
    this.#tone.stop();
    for (const part of this.#parts.splice(0)) part.close();
    this.element.replaceChildren();
  }

  #showRinging(call: CallSnapshot): void {
    const { calls } = this.#client;
    this.#tone.start(call.direction);
    const buttons =
      call.direction === "incoming"
        ? [
            this.#button("decline-button", "Decline", "leave", "danger", () => calls.decline()),
            this.#button("accept-button", "Accept", call.kind === "video" ? "camera" : "mic", "accept", () =>
              calls.accept(),
            ),
          ]
        : [this.#button("cancel-button", "Cancel", "leave", "danger", () => calls.cancel())];
    this.element.append(this.#head(call), h("div", { class: "call-buttons" }, ...buttons));
  }

  #showActive(call: CallSnapshot): void {
    const stage = new Stage(this.#client, this.#media);
    const controls = new Controls(this.#client, this.#media, {
      fake: this.#fake,
      leave: () => void this.#client.calls.end().catch(this.#problem),
      toggleSide: () => {},
      problem: this.#problem,
    });
    const head = this.#head(call);
    const time = h("span", { class: "call-time", testid: "call-time" });
    const tick = () => setText(time, duration(Date.now() - (call.acceptedAt ?? Date.now())));
    const timer = setInterval(tick, 1_000);
    tick();
    head.append(time);
    this.#parts = [stage, controls, { close: () => clearInterval(timer) }];
    this.element.append(head, stage.element, controls.element);
  }

  #head(call: CallSnapshot): HTMLElement {
    return h(
      "header",
      { class: "call-head" },
      h("p", { class: "lead", testid: "call-state" }, stateText(call)),
      h("h2", { testid: "call-peer" }, call.peer.name),
    );
  }

  #button(
    testid: string,
    label: string,
    picture: IconName,
    look: "danger" | "accept",
    act: () => Promise<unknown>,
  ): HTMLElement {
    const button = h("button", { type: "button", class: `round ${look}`, testid, "aria-label": label }, icon(picture));
    button.addEventListener("click", () => {
      button.disabled = true;
      act().catch(this.#problem);
    });
    return h("div", { class: "call-button" }, button, h("span", {}, label));
  }
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
