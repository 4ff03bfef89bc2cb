/** What the page says about a microphone or a camera, as text for the user. */
import type { DeviceInput, Stopped, Unplugged } from "@lastseen/client/devices";

const NAMES: Readonly<Record<DeviceInput, string>> = { mic: "microphone", camera: "camera" };

/** A device was pulled out while it was in use. */
export function unpluggedWords({ label, replacedBy }: Unplugged, input: DeviceInput): string {
  const what = label || `The ${NAMES[input]}`;
  return replacedBy === undefined
    ? `${what} was unplugged.`
    : `${what} was unplugged; ${replacedBy || "another one"} took its place.`;
}

/** A device is still there, but gives nothing any more. */
export function stoppedWords({ permission }: Stopped, input: DeviceInput): string {
  return permission === "denied" || permission === "prompt"
    ? `The browser does not allow the ${NAMES[input]} any more. Allow it beside the address, and turn it on again.`
    : `The ${NAMES[input]} has stopped. Turn it on again.`;
}
