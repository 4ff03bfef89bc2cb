/**
 * Media for the browser client: `import { createMedia } from "@lastseen/client/media"`. Needs `mediasoup-client`.
 *
 * @module
 */
import { Device } from "mediasoup-client";
import type { LastseenClient } from "../client.js";
import { LastseenMedia } from "./media.js";
import type { MediaOptions } from "./media-options.js";

/** Audio and video for this client. Make it before the client joins a room. */
export function createMedia(client: LastseenClient, options: MediaOptions = {}): LastseenMedia {
  return new LastseenMedia(client, { createDevice: () => Device.factory(), ...options });
}

export type { SubscriptionRule } from "./choice.js";
export { LastseenMedia } from "./media.js";
export type { MediaOptions } from "./media-options.js";
export type { NetworkSource } from "./network.js";
export type { Candidate, Direction, MediaEvents, Publication, PublishOptions, RemoteTrack, Source } from "./types.js";
