import type { DeviceInput, DeviceState, StartOptions } from "@lastseen/client/devices";
import { useEffect, useMemo } from "react";
import { useMediaView } from "./media-view.js";
import { useAction, type ActionState } from "./use-action.js";
import { useStore } from "./use-store.js";

export interface DevicesHandle extends DeviceState, ActionState {
  /** Whether the device is open and published. */
  readonly isOn: boolean;
  /** Opens the device and publishes it. The browser may ask the user. */
  readonly start: (options?: StartOptions) => Promise<boolean>;
  readonly stop: () => void;
  /** Takes this device: at once when it is on, else when it starts. The others keep the producer. */
  readonly setActiveDevice: (deviceId: string) => Promise<boolean>;
}

/**
 * The microphones or cameras. Each method resolves to `false` when it fails; `error` says why, such as a `NotAllowedError`.
 */
export function useDevices(input: DeviceInput): DevicesHandle {
  const view = useMediaView();
  const { devices } = view;
  const state = useStore(view.input(input));
  const isOn = useStore(view.publications).some(({ source }) => source === input);
  const { isPending, error, run } = useAction();
  useEffect(() => devices.watch(), [devices]);
  return useMemo(
    () => ({
      ...state,
      isOn,
      isPending,
      error,
      start: (options) => run(() => devices.start(input, options)),
      stop: () => devices.stop(input),
      setActiveDevice: (deviceId) => run(() => devices.select(input, deviceId)),
    }),
    [devices, input, state, isOn, isPending, error, run],
  );
}

export interface ScreenShareHandle extends ActionState {
  readonly isSharing: boolean;
  /** Asks the user what to show, and publishes it as `screen`, with its sound as `screen-audio`. */
  readonly start: (options?: DisplayMediaStreamOptions) => Promise<boolean>;
  readonly stop: () => void;
}

/** The screen, a window or a tab that this page shows. */
export function useScreenShare(): ScreenShareHandle {
  const view = useMediaView();
  const { devices } = view;
  const isSharing = useStore(view.publications).some(({ source }) => source === "screen");
  const { isPending, error, run } = useAction();
  return useMemo(
    () => ({
      isSharing,
      isPending,
      error,
      start: (options) => run(() => devices.startScreen(options)),
      stop: () => devices.stopScreen(),
    }),
    [devices, isSharing, isPending, error, run],
  );
}
