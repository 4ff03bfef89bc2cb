/** The telephone: one user on this page, who calls others by their id and is called. */
import { signal } from "@preact/signals";
import {
  connect,
  RequestError,
  type CallChange,
  type CallSnapshot,
  type LastseenClient,
  type UserStatus,
} from "@lastseen/client";
import { createMedia, type LastseenMedia } from "@lastseen/client/media";
import { ConnectionStatus } from "./connection-status.js";
import { LiveCall } from "./live-call.js";
import { openTracks, stopTracks } from "./local-tracks.js";
import { isMissed, overText, refusedText } from "./phone-words.js";
import type { Settings } from "./settings.js";

/** The page forgets older missed calls. */
const MOST_MISSED = 20;

export interface MissedCall {
  readonly callId: string;
  readonly userId: string;
  readonly name: string;
  readonly at: Date;
}

export class PhoneStore {
  readonly client: LastseenClient;
  readonly media: LastseenMedia;
  readonly user: { readonly id: string; readonly name: string };
  readonly settings: Settings;
  readonly live: LiveCall;
  readonly connection: ConnectionStatus;
  readonly call = signal<CallSnapshot | undefined>(undefined);
  /** The last thing to tell, with its reason as a code; undefined: nothing. */
  readonly notice = signal<{ text: string; reason: string } | undefined>(undefined);
  /** Newest first. */
  readonly missed = signal<readonly MissedCall[]>([]);
  /** What the field for the other's user id says. */
  readonly callee = signal("");
  /** Whether that user can be called, as far as known. */
  readonly calleeStatus = signal<UserStatus | undefined>(undefined);
  #watched: string | undefined;

  constructor(options: {
    service: string;
    user: { id: string; name: string };
    settings: Settings;
    ended: (reason: string) => void;
  }) {
    const { service, user, settings } = options;
    this.user = user;
    this.settings = settings;
    this.client = connect({ url: service, user, client: { name: "lastseen-demo" }, askBeforeClosing: settings.ask });
    this.media = createMedia(this.client);
    this.live = new LiveCall(this.client, this.media, (text) => this.#sayOfDevice(text));
    this.connection = new ConnectionStatus(this.client);
    this.client.on("call", (change) => this.#changed(change));
    this.client.on("statuses", () => this.#showStatus());
    this.client.on("state", ({ state, reason }) => {
      if (state !== "disconnected") return;
      for (const part of [this.live, this.connection, this.media]) part.close();
      options.ended(reason);
    });
  }

  /** Calls the user whose id the field says. */
  async start(kind: "audio" | "video"): Promise<void> {
    const to = this.callee.value.trim();
    if (to === "") return;
    void this.watchCallee();
    try {
      await this.client.calls.start(to, kind);
    } catch (error) {
      this.refused(error, to);
    }
  }

  /** Asks the service to tell whether the user in the field can be called, now and whenever that changes. */
  async watchCallee(): Promise<void> {
    const { calls } = this.client;
    const userId = this.callee.value.trim();
    if (userId === this.#watched) return;
    if (this.#watched !== undefined) await calls.unwatch([this.#watched]).catch(() => {});
    this.#watched = userId || undefined;
    if (this.#watched !== undefined) await calls.watch([this.#watched]).catch(() => {});
    this.#showStatus();
  }

  /** Tells why something that was asked for did not happen. */
  refused(error: unknown, to = this.call.value?.peer.name ?? ""): void {
    const code = error instanceof RequestError ? error.code : "internal";
    this.notice.value = { text: refusedText(code, to), reason: code };
  }

  #changed(change: CallChange): void {
    const { call, previous, reason = "lost" } = change;
    this.call.value = call;
    if (call?.state === "active") void this.#enter(call);
    else if (previous?.state === "active") void this.client.leave();
    this.notice.value = call ? undefined : { text: overText(change), reason };
    if (previous && isMissed(change)) this.#addMissed(previous);
  }

  /**
   * Enters the room of a call that was answered, or that goes on after a reload, with sound and, in a video call, with
   * picture.
   */
  async #enter(call: CallSnapshot): Promise<void> {
    const isThis = (): boolean => this.client.calls.current?.callId === call.callId;
    const { mic, camera, fake } = this.settings;
    const tracks = await openTracks({ mic, camera: camera && call.kind === "video", fake });
    if (!isThis()) {
      stopTracks(tracks);
      return;
    }
    if (tracks.problem) this.notice.value = { text: tracks.problem, reason: "devices" };
    this.live.publish(tracks);
    try {
      await this.client.join(call.roomId);
    } catch (error) {
      if (isThis()) this.refused(error, call.peer.name);
    }
  }

  /** Two devices may stop at the same moment. */
  #sayOfDevice(text: string): void {
    const before = this.notice.value?.reason === "devices" ? `${this.notice.value.text} ` : "";
    this.notice.value = { text: before + text, reason: "devices" };
  }

  #showStatus(): void {
    this.calleeStatus.value = this.client.calls.statuses.get(this.#watched ?? "");
  }

  #addMissed({ callId, peer: { userId, name } }: CallSnapshot): void {
    const call = { callId, userId, name, at: new Date() };
    this.missed.value = [call, ...this.missed.value.slice(0, MOST_MISSED - 1)];
  }
}
