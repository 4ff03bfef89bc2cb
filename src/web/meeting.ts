/** One stay in a room on this page: client, media and everything that shows them. */
import { connect, RequestError, type LastseenClient } from "@lastseen/client";
import { createMedia, type LastseenMedia } from "@lastseen/client/media";
import { ConnectionStatus } from "./banner.js";
import { Controls } from "./controls.js";
import { h, icon, setText } from "./dom.js";
import { EventLog } from "./event-log.js";
import { Freshness } from "./freshness.js";
import type { LocalTracks } from "./local-tracks.js";
import { People } from "./people.js";
import type { Meeting, Settings } from "./settings.js";
import { Stage } from "./stage.js";

/** Three sizes of the camera's picture, so that each receiver gets what it can take. */
const CAMERA_ENCODINGS = [
  { scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];

const TOAST_MS = 6_000;

export class MeetingView {
  readonly client: LastseenClient;
  readonly media: LastseenMedia;
  readonly log = new EventLog();
  readonly element: HTMLElement;
  readonly #service: string;
  readonly #ended: (reason: string) => void;
  readonly #parts: { close(): void }[];
  readonly #toast = h("div", { class: "toast", role: "alert", hidden: true });
  #toastTimer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(options: {
    service: string;
    meeting: Meeting;
    tracks: LocalTracks;
    settings: Settings;
    ended: (reason: string) => void;
  }) {
    const { meeting, tracks, settings } = options;
    this.#service = options.service;
    this.#ended = options.ended;
    this.client = connect({
      url: options.service,
      user: { id: meeting.userId, name: meeting.name },
      client: { name: "lastseen-demo" },
      askBeforeClosing: settings.ask,
    });
    this.media = createMedia(this.client);
    const freshness = new Freshness(this.client, settings.pollMs);
    const people = new People(this.client, this.media, freshness);
    const stage = new Stage(this.client, this.media);
    const status = new ConnectionStatus(this.client);
    const controls = new Controls(this.client, this.media, {
      fake: settings.fake,
      leave: () => void this.leave(),
      toggleSide: () => this.element.toggleAttribute("data-side"),
      problem: (text) => this.#say(text),
    });
    this.#parts = [freshness, people, stage, status, controls, this.log];
    this.element = this.#layout(meeting, { status, stage, people, controls });
    this.log.watch(this.client, this.media);
    this.client.on("left", ({ reason }) => this.#end(reason));
    this.client.on("state", ({ state, reason }) => state === "disconnected" && this.#end(reason));
    if (tracks.problem) this.#say(tracks.problem);
    void this.#enter(meeting, tracks);
  }

  /** Leaves on purpose. */
  async leave(): Promise<void> {
    await this.client.disconnect();
  }

  async #enter({ room }: Meeting, { audio, video }: LocalTracks): Promise<void> {
    const publish = (track: MediaStreamTrack | undefined, source: string, encodings?: RTCRtpEncodingParameters[]) => {
      if (track) this.media.publish(track, encodings ? { source, encodings } : { source }).catch(() => {});
    };
    publish(audio, "mic");
    publish(video, "camera", CAMERA_ENCODINGS);
    try {
      const { routerRtpCapabilities } = await this.client.join(room);
      if (!routerRtpCapabilities) this.#say("This service runs without media: presence only.");
    } catch (error) {
      if (!this.#over) this.#end(error instanceof RequestError ? error.code : "internal");
    }
  }

  #layout(
    { room }: Meeting,
    parts: { status: ConnectionStatus; stage: Stage; people: People; controls: Controls },
  ): HTMLElement {
    const force = h(
      "button",
      { type: "button", class: "ghost small", testid: "force-cleanup-button" },
      "Force cleanup of my session",
    );
    force.addEventListener("click", () => void this.#forceCleanup());
    const sound = h(
      "button",
      { type: "button", class: "primary sound", testid: "sound-button", hidden: true },
      "Turn sound on",
    );
    sound.addEventListener("click", () => {
      sound.hidden = true;
      for (const audio of this.element.querySelectorAll("audio")) void audio.play();
    });
    const silenced = () => (sound.hidden = false);
    document.addEventListener("lastseen:silenced", silenced);
    this.#parts.push({ close: () => document.removeEventListener("lastseen:silenced", silenced) });
    const close = h("button", { type: "button", class: "side-close", "aria-label": "Close" }, icon("close"));
    close.addEventListener("click", () => this.element.removeAttribute("data-side"));
    return h(
      "div",
      { class: "meeting", testid: "meeting" },
      h(
        "header",
        {},
        h("span", { class: "brand" }, h("img", { src: "icon.svg", alt: "" }), "Lastseen"),
        h("h1", {}, room),
        parts.status.pill,
      ),
      parts.status.banner,
      h("main", {}, parts.stage.element, sound, this.#toast),
      h(
        "aside",
        {},
        close,
        h("section", {}, h("h2", {}, "People"), parts.people.element),
        h("section", { class: "events" }, h("h2", {}, "Events"), this.log.element),
        force,
      ),
      h("footer", {}, parts.controls.element),
    );
  }

  /** The same as an operator's kick: the service removes the session as it would a ghost. */
  async #forceCleanup(): Promise<void> {
    const { sessionId } = this.client.session ?? {};
    if (!sessionId) return;
    try {
      const response = await fetch(`${this.#service}/api/sessions/${sessionId}`, { method: "DELETE" });
      if (!response.ok) this.#say(`The service refused: HTTP ${response.status}`);
    } catch {
      this.#say("The service could not be asked.");
    }
  }

  #say(text: string): void {
    setText(this.#toast, text);
    this.#toast.hidden = false;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => (this.#toast.hidden = true), TOAST_MS);
  }

  /** Nothing of the meeting is left when this returns. */
  #end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#toastTimer);
    this.media.close();
    for (const part of this.#parts) part.close();
    if (this.client.state !== "disconnected") void this.client.disconnect();
    this.#ended(reason);
  }
}
