/** What the client and its media know at this moment, as signals that the components read. */
import { signal } from "@preact/signals";
import type { LastseenClient, Participant } from "@lastseen/client";
import { createDevices, type DeviceInput, type LastseenDevices } from "@lastseen/client/devices";
import { stoppedWords, unpluggedWords } from "./device-words.js";
import type { LocalTracks } from "./local-tracks.js";
import type { LastseenMedia, Publication, RemoteTrack } from "@lastseen/client/media";

/** A screen, a window or a tab that somebody shares. */
export interface SharedScreen {
  readonly participant: Participant;
  readonly track: MediaStreamTrack;
}

const SCREEN = "screen";
const SCREEN_AUDIO = "screen-audio";

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

  /** Whether the participant's microphone or camera is on. What this page itself sends it knows first. */
  sends(participant: Participant, input: DeviceInput): boolean {
    const kind = input === "mic" ? "audio" : "video";
    if (this.isOwn(participant)) {
      return this.publications.value.some(
        ({ track, source, muted }) => track.kind === kind && !isOfScreen(source) && !muted,
      );
    }
    return participant.producers.some(
      (producer) => producer.kind === kind && !isOfScreen(producer.source) && !producer.paused,
    );
  }

  /** The sounds that somebody else sends: the voice, and the sound of a shared screen. */
  remoteSounds(sessionId: string): RemoteTrack[] {
    const sounds = this.tracks.value.filter((remote) => remote.sessionId === sessionId && remote.kind === "audio");
    // Somebody who goes on in another tab has two of a source for a moment.
    return [...new Map(sounds.map((sound) => [sound.source, sound])).values()];
  }

  /** The picture of somebody else's camera. */
  remotePicture(sessionId: string): MediaStreamTrack | undefined {
    return this.tracks.value.findLast(
      (remote) => remote.sessionId === sessionId && remote.kind === "video" && remote.source !== SCREEN,
    )?.track;
  }

  /** The screens that people share, one's own included. */
  get screens(): SharedScreen[] {
    return this.participants.value.flatMap((participant) => {
      const track = this.isOwn(participant)
        ? this.publications.value.find(({ source }) => source === SCREEN)?.track
        : this.tracks.value.findLast(
            ({ sessionId, source }) => sessionId === participant.sessionId && source === SCREEN,
          )?.track;
      return track ? [{ participant, track }] : [];
    });
  }

  close(): void {
    for (const stop of this.#stop) stop();
    this.participants.value = [];
  }
}

function isOfScreen(source: string | undefined): boolean {
  return source === SCREEN || source === SCREEN_AUDIO;
}
