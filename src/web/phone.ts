/** The telephone: one user on this page, who can call others by their id and be called. */
import { connect, RequestError, type CallChange, type CallSnapshot, type LastseenClient } from "@lastseen/client";
import { createMedia, type LastseenMedia } from "@lastseen/client/media";
import { ConnectionStatus } from "./banner.js";
import { h, setAttributes, setText } from "./dom.js";
import { openTracks, stopTracks } from "./local-tracks.js";
import { CallPanel } from "./phone-call.js";
import { isMissed, overText, refusedText } from "./phone-words.js";
import type { Settings } from "./settings.js";

/** Older missed calls are let go. */
const MOST_MISSED = 20;

export class PhoneView {
  readonly client: LastseenClient;
  readonly media: LastseenMedia;
  readonly element: HTMLElement;
  readonly #settings: Settings;
  readonly #panel: CallPanel;
  readonly #status: ConnectionStatus;
  readonly #callee = h("input", { testid: "callee-input", maxlength: 128, autocomplete: "off", spellcheck: "false" });
  readonly #calleeStatus = h("span", { class: "callee-status", testid: "callee-status" });
  readonly #notice = h("p", { class: "note", testid: "phone-notice", role: "status", hidden: true });
  readonly #missed = h("ol", { class: "missed", testid: "missed-calls" });
  readonly #dial: HTMLElement;
  #watched: string | undefined;

  constructor(options: {
    service: string;
    user: { id: string; name: string };
    settings: Settings;
    ended: (reason: string) => void;
  }) {
    const { service, user, settings } = options;
    this.#settings = settings;
    this.client = connect({ url: service, user, client: { name: "lastseen-demo" }, askBeforeClosing: settings.ask });
    this.media = createMedia(this.client);
    this.#panel = new CallPanel(this.client, this.media, {
      fake: settings.fake,
      problem: (error) => this.#refused(error, this.client.calls.current?.peer.name ?? ""),
    });
    this.#status = new ConnectionStatus(this.client);
    this.#dial = this.#dialCard(user);
    this.element = h(
      "div",
      { class: "phone", testid: "phone" },
      h(
        "header",
        {},
        h("span", { class: "brand" }, h("img", { src: "icon.svg", alt: "" }), "Lastseen"),
        h("h1", {}, user.name),
        this.#status.pill,
      ),
      this.#status.banner,
      h("main", {}, this.#notice, this.#panel.element, this.#dial),
    );
    this.client.on("call", (change) => this.#changed(change));
    this.client.on("statuses", () => this.#showStatus());
    this.client.on("state", ({ state, reason }) => {
      if (state !== "disconnected") return;
      this.#close();
      options.ended(reason);
    });
  }

  #dialCard({ id, name }: { id: string; name: string }): HTMLElement {
    const audio = h(
      "button",
      { type: "submit", class: "primary", testid: "call-audio-button", value: "audio" },
      "Call",
    );
    const video = h(
      "button",
      { type: "submit", class: "ghost", testid: "call-video-button", value: "video" },
      "Video call",
    );
    const form = h(
      "form",
      { class: "card dial" },
      h("p", { class: "small" }, "You are ", h("strong", { testid: "own-id" }, id), id === name ? "" : ` (${name})`),
      h("label", {}, h("span", {}, "Whom do you want to call?"), this.#callee),
      this.#calleeStatus,
      h("div", { class: "dial-buttons" }, audio, video),
      h("h2", {}, "Missed calls"),
      this.#missed,
    );
    this.#callee.addEventListener("change", () => void this.#watch());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#call(event.submitter === video ? "video" : "audio");
    });
    return form;
  }

  async #call(kind: "audio" | "video"): Promise<void> {
    const to = this.#callee.value.trim();
    if (!to) {
      this.#callee.focus();
      return;
    }
    void this.#watch();
    try {
      await this.client.calls.start(to, kind);
    } catch (error) {
      this.#refused(error, to);
    }
  }

  #changed(change: CallChange): void {
    const { call, previous } = change;
    this.#panel.show(call);
    this.#dial.hidden = call !== undefined;
    setAttributes(this.element, { "data-call-state": call?.state ?? "idle" });
    if (call) this.#notice.hidden = true;
    if (call?.state === "active") void this.#enter(call);
    else if (previous?.state === "active") void this.client.leave();
    if (call) return;
    this.#say(overText(change), change.reason ?? "lost");
    if (previous && isMissed(change)) this.#addMissed(previous);
  }

  /** The call was answered, or goes on after a reload: into its room, with sound and, if it is one with it, picture. */
  async #enter(call: CallSnapshot): Promise<void> {
    const isThis = () => this.client.calls.current?.callId === call.callId;
    const { mic, camera, fake } = this.#settings;
    const tracks = await openTracks({ mic, camera: camera && call.kind === "video", fake });
    if (!isThis()) {
      stopTracks(tracks);
      return;
    }
    if (tracks.problem) this.#say(tracks.problem, "devices");
    if (tracks.audio) this.media.publish(tracks.audio, { source: "mic" }).catch(() => {});
    if (tracks.video) this.media.publish(tracks.video, { source: "camera" }).catch(() => {});
    try {
      await this.client.join(call.roomId);
    } catch (error) {
      if (isThis()) this.#refused(error, call.peer.name);
    }
  }

  async #watch(): Promise<void> {
    const { calls } = this.client;
    const userId = this.#callee.value.trim();
    if (userId === this.#watched) return;
    if (this.#watched !== undefined) await calls.unwatch([this.#watched]).catch(() => {});
    this.#watched = userId || undefined;
    if (this.#watched !== undefined) await calls.watch([this.#watched]).catch(() => {});
    this.#showStatus();
  }

  #showStatus(): void {
    const status = this.client.calls.statuses.get(this.#watched ?? "");
    setAttributes(this.#calleeStatus, { "data-status": status });
    const text = { available: "Available", busy: "In a call", offline: "Not there" };
    setText(this.#calleeStatus, status ? text[status] : "");
  }

  #addMissed({ peer }: CallSnapshot): void {
    const again = h("button", { type: "button", class: "ghost small" }, "Call back");
    again.addEventListener("click", () => {
      this.#callee.value = peer.userId;
      void this.#call("audio");
    });
    const now = new Date();
    const time = h("time", { datetime: now.toISOString() }, now.toLocaleTimeString([], { hour12: false }));
    this.#missed.prepend(
      h("li", { testid: "missed-call", "data-user-id": peer.userId }, time, h("span", {}, peer.name), again),
    );
    while (this.#missed.childElementCount > MOST_MISSED) this.#missed.lastElementChild?.remove();
  }

  #refused(error: unknown, to: string): void {
    const code = error instanceof RequestError ? error.code : "internal";
    this.#say(refusedText(code, to), code);
  }

  #say(text: string, reason: string): void {
    setText(this.#notice, text);
    setAttributes(this.#notice, { "data-reason": reason });
    this.#notice.hidden = false;
  }

  #close(): void {
    this.#panel.close();
    this.#status.close();
    this.media.close();
  }
}
