/** What React reads of a client's media. Its own module, so that a page without media needs no mediasoup-client. */
import type { LastseenClient } from "@lastseen/client";
import { createDevices, type DeviceInput, type DeviceState, type LastseenDevices } from "@lastseen/client/devices";
import { createMedia, type LastseenMedia, type Publication, type RemoteTrack } from "@lastseen/client/media";
import { useGiven } from "./provider.js";
import { Store } from "./store.js";

const made = new WeakMap<LastseenClient, LastseenMedia>();
const views = new WeakMap<LastseenMedia, MediaView>();

export class MediaView {
  readonly media: LastseenMedia;
  readonly devices: LastseenDevices;
  readonly tracks: Store<readonly RemoteTrack[]>;
  readonly publications: Store<readonly Publication[]>;
  readonly #inputs: Readonly<Record<DeviceInput, Store<DeviceState>>>;

  static of(media: LastseenMedia): MediaView {
    let view = views.get(media);
    if (!view) views.set(media, (view = new MediaView(media)));
    return view;
  }

  private constructor(media: LastseenMedia) {
    this.media = media;
    this.devices = createDevices(media);
    this.tracks = new Store(media.tracks);
    this.publications = new Store(media.publications);
    this.#inputs = { mic: new Store(this.devices.state("mic")), camera: new Store(this.devices.state("camera")) };
    for (const event of ["track_added", "track_removed"] as const) media.on(event, () => this.tracks.set(media.tracks));
    media.on("publications", (publications) => this.publications.set(publications));
    this.devices.on("change", ({ input, state }) => this.#inputs[input].set(state));
  }

  input(input: DeviceInput): Store<DeviceState> {
    return this.#inputs[input];
  }
}

/** The media of the provider's client. It is made when a component first asks for it. */
export function useMediaView(): MediaView {
  const { client, media } = useGiven();
  return MediaView.of(media ?? mediaOf(client));
}

/** Audio and video of the client, for everything that has no hook of its own. */
export function useMedia(): LastseenMedia {
  return useMediaView().media;
}

function mediaOf(client: LastseenClient): LastseenMedia {
  let media = made.get(client);
  if (!media) made.set(client, (media = createMedia(client)));
  return media;
}
