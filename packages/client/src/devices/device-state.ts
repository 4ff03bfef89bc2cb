/** What is known about the devices of one input, and when that has changed. */
import type { DeviceInput, Permission } from "./source.js";

/** A device that was unplugged while it was in use. */
export interface Unplugged {
  readonly label: string;
  /** The device that took its place; `undefined`: there is none, and the publication has ended. */
  readonly replacedBy: string | undefined;
}

/** A device that stopped by itself while it was in use, and is still there. */
export interface Stopped {
  readonly label: string;
  /** `denied` or `prompt`: the user took the permission away. Otherwise the device failed, or another program took it. */
  readonly permission: Permission;
}

export interface DeviceState {
  /** The microphones or cameras. Their ids and labels are empty until the user has allowed one. */
  readonly devices: readonly MediaDeviceInfo[];
  /** The device that is in use, or else the one that was selected; `undefined`: the browser's choice. */
  readonly activeDeviceId: string | undefined;
  readonly permission: Permission;
  /** Set until the next {@link LastseenDevices.select} or start. */
  readonly unplugged: Unplugged | undefined;
  /** Set until the next {@link LastseenDevices.select} or start. The publication has ended. */
  readonly stopped: Stopped | undefined;
}

export const UNKNOWN: DeviceState = {
  devices: [],
  activeDeviceId: undefined,
  permission: "unknown",
  unplugged: undefined,
  stopped: undefined,
};

const KINDS: Readonly<Record<DeviceInput, MediaDeviceKind>> = { mic: "audioinput", camera: "videoinput" };

export function devicesOf(input: DeviceInput, all: readonly MediaDeviceInfo[]): MediaDeviceInfo[] {
  return all.filter(({ kind }) => kind === KINDS[input]);
}

/** A browser makes new objects for the same devices each time. */
export function isSame(one: DeviceState, other: DeviceState): boolean {
  const text = ({ devices }: DeviceState) => JSON.stringify(devices.map(({ deviceId, label }) => [deviceId, label]));
  return (
    one.activeDeviceId === other.activeDeviceId &&
    one.permission === other.permission &&
    one.unplugged === other.unplugged &&
    one.stopped === other.stopped &&
    text(one) === text(other)
  );
}
