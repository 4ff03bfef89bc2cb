import { useState } from "preact/hooks";
import type { LiveCall } from "./live-call.js";
import { RoundButton } from "./round-button.js";

/** Shares a screen, a window or a tab, and ends it. It is not there where the browser shares none, as on phones. */
export function ScreenButton({ call, problem }: { call: LiveCall; problem: (text: string) => void }) {
  const [isAsking, setIsAsking] = useState(false);
  if (!canShare()) return null;
  const isSharing = call.publishes("screen");
  const toggle = async (): Promise<void> => {
    if (isSharing) {
      call.devices.stopScreen();
      return;
    }
    // The browser asks the user already.
    if (isAsking) return;
    setIsAsking(true);
    await call.devices.startScreen().catch((error: unknown) => problem(whyNoScreen(error)));
    setIsAsking(false);
  };
  return (
    <RoundButton
      testid="screen-button"
      icon="screen"
      label={isSharing ? "Stop sharing the screen" : "Share the screen"}
      pressed={isSharing}
      onClick={() => void toggle()}
    />
  );
}

/** Phones have no such function, and pages without TLS have no devices at all. */
function canShare(): boolean {
  const devices = (navigator as { readonly mediaDevices?: Partial<MediaDevices> }).mediaDevices;
  return devices?.getDisplayMedia !== undefined;
}

/** Why nothing is shared, as text for the user. */
function whyNoScreen(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "Your screen is not shared: you or the browser did not allow it.";
  if (name === "NotFoundError") return "There is no screen to share.";
  if (name === "NotReadableError") return "The system does not let the browser see the screen.";
  return "Your screen could not be shared.";
}
