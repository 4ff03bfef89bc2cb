/**
 * Devices for the media of the browser client: `import { createDevices } from "@lastseen/client/devices"`. Lists and
 * switches microphones and cameras, notices unplugged ones and changed permissions, and shares the screen.
 *
 * @module
 */
import type { LastseenMedia } from "../media/media.js";
import { LastseenDevices } from "./devices.js";
import { browserDevices, type DeviceSource } from "./source.js";

/** The devices of the browser, for this media. @param source replaces the browser's devices, for example in tests */
export function createDevices(media: LastseenMedia, source: DeviceSource = browserDevices): LastseenDevices {
  return new LastseenDevices(media, source);
}

export type { DeviceState, Stopped, Unplugged } from "./device-state.js";
export { LastseenDevices, type DeviceEvents, type StartOptions } from "./devices.js";
export type { DeviceInput, DeviceSource, Permission } from "./source.js";
