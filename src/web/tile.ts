import type { Participant } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { h, icon, setAttributes, setText } from "./dom.js";
import { hash } from "./settings.js";

/** One participant on the stage: picture or initials, name, microphone, hand, and a veil while away. */
export class Tile {
  readonly element: HTMLElement;
  readonly #media: LastseenMedia;
  readonly #isOwn: boolean;
  readonly #video: HTMLVideoElement;
  readonly #audio: HTMLAudioElement | undefined;
  readonly #name = h("span", { class: "tile-name" });
  readonly #muted = h("span", { class: "tile-muted", title: "Microphone off" }, icon("micOff"));
  readonly #hand = h("span", { class: "tile-hand", title: "Hand raised" }, icon("hand"));
  readonly #away = h("span", { class: "tile-away" }, "Away");

  constructor({ sessionId, userId, name }: Participant, media: LastseenMedia, isOwn: boolean) {
    this.#media = media;
    this.#isOwn = isOwn;
    this.#video = h("video", { testid: isOwn ? "own-video" : "remote-video", hidden: true });
    Object.assign(this.#video, { autoplay: true, playsInline: true, muted: true });
    if (!isOwn) this.#audio = Object.assign(h("audio", { testid: "remote-audio" }), { autoplay: true });
    const avatar = h("span", { class: "avatar", "aria-hidden": "true" }, initials(name));
    avatar.style.setProperty("--hue", String(hash(userId) % 360));
    this.element = h(
      "article",
      { class: "tile", testid: "tile", "data-session-id": sessionId, "data-user-id": userId, "data-own": isOwn },
      avatar,
      this.#video,
      this.#audio,
      this.#away,
      h("div", { class: "tile-bar" }, this.#muted, this.#name),
      this.#hand,
    );
  }

  update({ name, state, metadata, producers }: Participant, speaking: boolean): void {
    const sends = (kind: string) => producers.some((producer) => producer.kind === kind && !producer.paused);
    setText(this.#name, this.#isOwn ? `${name} (you)` : name);
    setAttributes(this.element, { "data-state": state, "data-speaking": speaking, "aria-label": name });
    this.#hand.hidden = metadata["hand"] !== true;
    this.#away.hidden = state !== "away";
    if (this.#isOwn) return;
    this.#muted.hidden = sends("audio");
    this.#video.hidden = !sends("video");
  }

  /** A track of somebody else. */
  attach(track: MediaStreamTrack): void {
    const element = track.kind === "video" ? this.#video : this.#audio;
    if (!element) return;
    this.#media.attach(element, track);
    element.play().catch((error: unknown) => {
      // Until the page was touched, browsers play no sound.
      if ((error as Error).name === "NotAllowedError") document.dispatchEvent(new CustomEvent("lastseen:silenced"));
    });
  }

  removed(kind: "audio" | "video"): void {
    if (kind === "video") this.#video.hidden = true;
  }

  /** What one sends oneself. */
  own(camera: MediaStreamTrack | undefined, micOn: boolean): void {
    this.#video.hidden = !camera;
    this.#muted.hidden = micOn;
    if (camera) this.#media.attach(this.#video, camera);
    else this.#media.detach(this.#video);
  }

  close(): void {
    this.#media.detach(this.#video);
    if (this.#audio) this.#media.detach(this.#audio);
    this.element.remove();
  }
}

function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined].map((part) =>
    String.fromCodePoint(part?.codePointAt(0) ?? 32),
  );
  return letters.join("").trim().toUpperCase();
}
