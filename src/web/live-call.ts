/** What the client and its media know at this moment, as signals that the components read. */
import { signal } from "@preact/signals";
import type { LastseenClient, Participant } from "@lastseen/client";
import type { LastseenMedia, Publication, RemoteTrack } from "@lastseen/client/media";

export class LiveCall {
  readonly client: LastseenClient;
  readonly media: LastseenMedia;
  /** Everybody in the room, oneself included. */
  readonly participants = signal<readonly Participant[]>([]);
  /** User id of the participant who speaks; null: nobody speaks. */
  readonly speaker = signal<string | null>(null);
  /** One's own tracks. */
  readonly publications = signal<readonly Publication[]>([]);
  /** The others' tracks. */
  readonly tracks = signal<readonly RemoteTrack[]>([]);
  /** The browser plays no sound until somebody touches the page. */
  readonly silenced = signal(false);
  readonly #stop: readonly (() => void)[];

  constructor(client: LastseenClient, media: LastseenMedia) {
    this.client = client;
    this.media = media;
    const showTracks = (): void => void (this.tracks.value = [...media.tracks]);
    this.#stop = [
      client.on("roster", ({ room }) => (this.participants.value = room.participants)),
      client.on("left", () => (this.participants.value = [])),
      client.on("active_speaker", () => (this.speaker.value = client.activeSpeaker)),
      media.on("publications", (publications) => (this.publications.value = publications)),
      media.on("track_added", showTracks),
      media.on("track_removed", showTracks),
    ];
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

  close(): void {
    for (const stop of this.#stop) stop();
    this.participants.value = [];
  }
}
