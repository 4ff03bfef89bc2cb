/** One stay in a room: the client, its media, and what the page shows of both. */
import { signal } from "@preact/signals";
import { connect, RequestError, type LastseenClient } from "@lastseen/client";
import { createMedia, type LastseenMedia } from "@lastseen/client/media";
import { CuttableLine } from "./cuttable-line.js";
import { ConnectionStatus } from "./connection-status.js";
import { EventLog } from "./event-log.js";
import { Freshness } from "./freshness.js";
import { LiveCall } from "./live-call.js";
import type { LocalTracks } from "./local-tracks.js";
import type { Meeting, Settings } from "./settings.js";

/** Three sizes of the camera's picture, so that each receiver gets what it can take. */
const CAMERA_ENCODINGS = [
  { scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];

const TOAST_MS = 6_000;

export class MeetingStore {
  readonly client: LastseenClient;
  readonly media: LastseenMedia;
  readonly room: string;
  /** Synthetic picture and sound instead of devices. */
  readonly fake: boolean;
  readonly call: LiveCall;
  readonly status: ConnectionStatus;
  readonly freshness: Freshness;
  readonly log: EventLog;
  /** The line to the service, which can be cut to try what the others see then. */
  readonly line = new CuttableLine();
  /** Whether a narrow screen shows people and events instead of the pictures. */
  readonly sideOpen = signal(false);
  /** A message that disappears by itself; empty: none. */
  readonly toast = signal("");
  readonly #service: string;
  readonly #ended: (reason: string, why?: string) => void;
  #toastTimer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(options: {
    service: string;
    meeting: Meeting;
    tracks: LocalTracks;
    settings: Settings;
    ended: (reason: string, why?: string) => void;
  }) {
    const { service, meeting, tracks, settings } = options;
    this.room = meeting.room;
    this.fake = settings.fake;
    this.#service = service;
    this.#ended = options.ended;
    this.client = connect({
      url: service,
      user: { id: meeting.userId, name: meeting.name },
      client: { name: "lastseen-demo" },
      askBeforeClosing: settings.ask,
      environment: this.line.environment,
    });
    this.media = createMedia(this.client);
    this.call = new LiveCall(this.client, this.media, (text) => this.say(text), CAMERA_ENCODINGS);
    this.status = new ConnectionStatus(this.client);
    this.freshness = new Freshness(this.client, settings.pollMs);
    this.log = new EventLog(this.client, this.media);
    this.client.on("left", ({ reason }) => this.#end(reason));
    this.client.on(
      "state",
      (change) => change.state === "disconnected" && this.#end(change.reason, change.error.message),
    );
    if (tracks.problem) this.say(tracks.problem);
    void this.#enter(tracks);
  }

  /** Leaves on purpose. */
  async leave(): Promise<void> {
    await this.client.disconnect();
  }

  /** Asks for what an operator's kick does: the service removes the session as it would remove a ghost. */
  async forceCleanup(): Promise<void> {
    const { sessionId } = this.client.session ?? {};
    if (!sessionId) return;
    try {
      const response = await fetch(`${this.#service}/api/sessions/${sessionId}`, { method: "DELETE" });
      if (!response.ok) this.say(`The service refused: HTTP ${response.status}`);
    } catch {
      this.say("The service could not be asked.");
    }
  }

  /** Shows the text beside what is still shown: two devices may stop at the same moment. */
  say(text: string): void {
    const before = this.toast.value;
    this.toast.value = before === "" || before.includes(text) ? before || text : `${before} ${text}`;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => (this.toast.value = ""), TOAST_MS);
  }

  async #enter(tracks: LocalTracks): Promise<void> {
    this.call.publish(tracks);
    try {
      const { routerRtpCapabilities } = await this.client.join(this.room);
      if (!routerRtpCapabilities) this.say("This service runs without media: presence only.");
    } catch (error) {
      if (!this.#over)
        this.#end(
          error instanceof RequestError ? error.code : "internal",
          error instanceof Error ? error.message : undefined,
        );
    }
  }

  /** Nothing of the meeting is left when this returns. */
  #end(reason: string, why?: string): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#toastTimer);
    this.line.mend();
    this.media.close();
    for (const part of [this.call, this.status, this.freshness, this.log]) part.close();
    if (this.client.state !== "disconnected") void this.client.disconnect();
    this.#ended(reason, why);
  }
}
