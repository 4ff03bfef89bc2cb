/** The bar at the bottom of a meeting. */
import type { LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { h, icon, setAttributes, type IconName } from "./dom.js";
import { openTracks } from "./local-tracks.js";

export class Controls {
  readonly element: HTMLElement;
  readonly #client: LastseenClient;
  readonly #media: LastseenMedia;
  readonly #fake: boolean;
  readonly #mic = button("mic-button", "Microphone");
  readonly #camera = button("camera-button", "Camera");
  readonly #hand = button("hand-button", "Raise hand");
  readonly #side = button("side-button", "People and events");
  readonly #releasers: (() => void)[];

  constructor(
    client: LastseenClient,
    media: LastseenMedia,
    options: { fake: boolean; leave: () => void; toggleSide: () => void; problem: (text: string) => void },
  ) {
    this.#client = client;
    this.#media = media;
    this.#fake = options.fake;
    const leave = button("leave-button", "Leave");
    leave.classList.add("danger");
    leave.append(icon("leave"));
    this.#hand.append(icon("hand"));
    this.#side.append(icon("people"));
    this.#side.classList.add("side-button");
    this.element = h("div", { class: "controls", role: "toolbar", "aria-label": "Call" });
    this.element.append(this.#mic, this.#camera, this.#hand, this.#side, leave);
    leave.addEventListener("click", options.leave);
    this.#side.addEventListener("click", options.toggleSide);
    this.#mic.addEventListener("click", () => void this.#toggle("mic", options.problem));
    this.#camera.addEventListener("click", () => void this.#toggle("camera", options.problem));
    this.#hand.addEventListener("click", () => void this.#toggleHand());
    this.#releasers = [media.on("publications", () => this.#show()), client.on("roster", () => this.#show())];
    this.#show();
  }

  close(): void {
    for (const release of this.#releasers) release();
  }

  #show(): void {
    const on = (source: string) => this.#media.publications.some((one) => one.source === source && !one.muted);
    show(this.#mic, on("mic"), on("mic") ? "mic" : "micOff", on("mic") ? "Mute microphone" : "Unmute microphone");
    const camera = on("camera");
    show(this.#camera, camera, camera ? "camera" : "cameraOff", camera ? "Turn camera off" : "Turn camera on");
    const hand = this.#client.self?.metadata["hand"] === true;
    setAttributes(this.#hand, { "aria-pressed": String(hand), "aria-label": hand ? "Lower hand" : "Raise hand" });
  }

  async #toggle(source: "mic" | "camera", problem: (text: string) => void): Promise<void> {
    const published = this.#media.publications.find((one) => one.source === source);
    if (published) {
      await (published.muted ? this.#media.unmute(source) : this.#media.mute(source));
      return;
    }
    const mic = source === "mic";
    const tracks = await openTracks({ mic, camera: !mic, fake: this.#fake });
    const track = mic ? tracks.audio : tracks.video;
    if (tracks.problem) problem(tracks.problem);
    if (track && this.#client.room) await this.#media.publish(track, { source });
    else track?.stop();
  }

  async #toggleHand(): Promise<void> {
    const metadata = this.#client.self?.metadata ?? {};
    await this.#client.setMetadata({ ...metadata, hand: metadata["hand"] !== true }).catch(() => {});
  }
}

function button(testid: string, label: string): HTMLButtonElement {
  return h("button", { type: "button", class: "round", testid, "aria-label": label, title: label });
}

function show(element: HTMLButtonElement, on: boolean, name: IconName, label: string): void {
  if (element.dataset["icon"] !== name) element.replaceChildren(icon(name));
  setAttributes(element, {
    "data-icon": name,
    "data-on": on,
    "aria-pressed": String(on),
    "aria-label": label,
    title: label,
  });
}
