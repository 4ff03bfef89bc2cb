/** What the client and its media know at this moment, as signals that the components read. */
import { signal } from "@preact/signals";
import type { LastseenClient, Participant } from "@lastseen/client";
import { createDevices, type DeviceInput, type LastseenDevices } from "@lastseen/client/devices";
import { stoppedWords, unpluggedWords } from "./device-words.js";
import type { LocalTracks } from "./local-tracks.js";
import type { LastseenMedia, Publication, RemoteTrack } from "@lastseen/client/media";

export class LiveCall {
  readonly client: LastseenClient;
  readonly media: LastseenMedia;
  readonly devices: LastseenDevices;
  /** Everybody in the room, oneself included. */
  readonly participants = signal<readonly Participant[]>([]);
  /** User id of the participant who speaks; null: nobody speaks. */
  readonly speaker = signal<string | null>(null);
  /** One's own tracks. */
  readonly publications = signal<readonly Publication[]>([]);
  /** The others' tracks. */
  readonly tracks = signal<readonly RemoteTrack[]>([]);
  /** Whether the service answers. If not, what is known of the others is from before. */
  readonly isLive = signal(true);
  /** The browser plays no sound until somebody touches the page. */
  readonly silenced = signal(false);
  readonly #encodings: RTCRtpEncodingParameters[] | undefined;
  readonly #stop: readonly (() => void)[];

  /**
   * @param say tells the user what happened to a device
   * @param encodings the sizes of the camera's picture; none: one size
   */
  constructor(
    client: LastseenClient,
    media: LastseenMedia,
    say: (text: string) => void,
    encodings?: RTCRtpEncodingParameters[],
  ) {
    this.#encodings = encodings;
    this.client = client;
    this.media = media;
    this.devices = createDevices(media);
    const showTracks = (): void => void (this.tracks.value = [...media.tracks]);
    this.#stop = [
      client.on("roster", ({ room }) => (this.participants.value = room.participants)),
      client.on("state", ({ state }) => (this.isLive.value = state === "connected")),
      client.on("left", () => (this.participants.value = [])),
      client.on("active_speaker", () => (this.speaker.value = client.activeSpeaker)),
      media.on("publications", (publications) => (this.publications.value = publications)),
      media.on("track_added", showTracks),
      media.on("track_removed", showTracks),
      this.devices.on("unplugged", (unplugged) => say(unpluggedWords(unplugged, unplugged.input))),
      this.devices.on("stopped", (stopped) => say(stoppedWords(stopped, stopped.input))),
    ];
  }

  /** Publishes what the page has opened before it knew the room. What goes wrong, the media tells by its event "error". */
  publish({ audio, video }: LocalTracks): void {
    if (audio) this.start("mic", audio).catch(() => {});
    if (video) this.start("camera", video).catch(() => {});
  }

  /** Publishes the microphone or the camera. @param track opened already; without it the device is opened. @throws DOMException */
  start(input: DeviceInput, track?: MediaStreamTrack): Promise<void> {
    const encodings = input === "camera" ? this.#encodings : undefined;
    return this.devices.start(input, { ...(track && { track }), ...(encodings && { encodings }) });
  }

  isOwn({ sessionId }: Participant): boolean {
    return sessionId === this.client.session?.sessionId;
  }

  /** Whether this page sends something of this source that is not muted. */
  publishes(source: string): boolean {
    return this.publications.value.some((publication) => publication.source === source && !publication.muted);
  }

  /** Whether the participant sends sound or picture that is not muted. What this page itself sends it knows first. */
  sends(participant: Participant, kind: "audio" | "video"): boolean {
    if (this.isOwn(participant)) {
      return this.publications.value.some(({ track, muted }) => track.kind === kind && !muted);
    }
    return participant.producers.some((producer) => producer.kind === kind && !producer.paused);
  }

  /** The sound that somebody else sends. */
  remoteSound(sessionId: string): MediaStreamTrack | undefined {
    return this.tracks.value.findLast((remote) => remote.sessionId === sessionId && remote.kind === "audio")?.track;
  }

  /** The picture that somebody else sends: the screen rather than the camera. */
  remotePicture(sessionId: string): RemoteTrack | undefined {
    const pictures = this.tracks.value.filter((remote) => remote.sessionId === sessionId && remote.kind === "video");
    return pictures.findLast(({ source }) => source === "screen") ?? pictures.at(-1);
  }

  close(): void {
    for (const stop of this.#stop) stop();
    this.participants.value = [];
  }
}
