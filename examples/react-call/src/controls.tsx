import { useDevices, usePublication, useScreenShare } from "@lastseen/react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { DeviceMenu } from "./device-menu.js";
import { CameraIcon, CameraOffIcon, GearIcon, HangUpIcon, MicIcon, MicOffIcon, ScreenIcon } from "./icons.js";
import { deviceError, stoppedWords } from "./words.js";

/** Microphone, camera, screen, devices, and the way out. */
export function Controls({
  isIn,
  isCall,
  onLeave,
}: {
  isIn: boolean;
  isCall: boolean;
  onLeave: () => void;
}): ReactNode {
  const mic = useDevices("mic");
  const camera = useDevices("camera");
  const screen = useScreenShare();
  const sound = usePublication("mic");
  const [showsDevices, setShowsDevices] = useState(false);
  useStartOnce(isIn, mic, camera);

  const hears = mic.isOn && !sound.isMuted;
  const toggleMic = () => (!mic.isOn ? mic.start() : sound.isMuted ? sound.unmute() : sound.mute());
  const toggleCamera = () => (camera.isOn ? camera.stop() : void camera.start());
  const problems = [
    mic.error !== undefined && deviceError(mic.error, "microphone"),
    camera.error !== undefined && deviceError(camera.error, "camera"),
    screen.error !== undefined && !isRefusal(screen.error) && deviceError(screen.error, "screen"),
    mic.unplugged && unplugged(mic.unplugged),
    camera.unplugged && unplugged(camera.unplugged),
    mic.stopped && stoppedWords(mic.stopped, "microphone"),
    camera.stopped && stoppedWords(camera.stopped, "camera"),
  ].filter((problem) => typeof problem === "string");

  return (
    <footer className="controls">
      {problems.length > 0 && (
        <p className="problem" role="status">
          {problems.join(" ")}
        </p>
      )}
      {showsDevices && <DeviceMenu mic={mic} camera={camera} onClose={() => setShowsDevices(false)} />}
      <div className="dock">
        <button
          type="button"
          className="round"
          aria-pressed={hears}
          disabled={mic.isPending}
          onClick={() => void toggleMic()}
        >
          {hears ? <MicIcon /> : <MicOffIcon />}
          <span>{hears ? "Mute" : "Unmute"}</span>
        </button>
        <button
          type="button"
          className="round"
          aria-pressed={camera.isOn}
          disabled={camera.isPending}
          onClick={toggleCamera}
        >
          {camera.isOn ? <CameraIcon /> : <CameraOffIcon />}
          <span>Camera</span>
        </button>
        {canShare() && (
          <button
            type="button"
            className="round"
            aria-pressed={screen.isSharing}
            onClick={() => (screen.isSharing ? screen.stop() : void screen.start())}
          >
            <ScreenIcon />
            <span>{screen.isSharing ? "Stop sharing" : "Share"}</span>
          </button>
        )}
        <button
          type="button"
          className="round"
          aria-expanded={showsDevices}
          onClick={() => setShowsDevices(!showsDevices)}
        >
          <GearIcon />
          <span>Devices</span>
        </button>
        <button type="button" className="round bad" onClick={onLeave}>
          <HangUpIcon />
          <span>{isCall ? "Hang up" : "Leave"}</span>
        </button>
      </div>
    </footer>
  );
}

/** Microphone and camera start when this page is in the room. */
function useStartOnce(isIn: boolean, mic: ReturnType<typeof useDevices>, camera: ReturnType<typeof useDevices>): void {
  const hasStarted = useRef(false);
  useEffect(() => {
    if (!isIn || hasStarted.current) return;
    hasStarted.current = true;
    // After a reload, or a change of the room, nothing is open.
    if (!mic.isOn) void mic.start();
    if (!camera.isOn) void camera.start();
  }, [isIn, mic, camera]);
}

/** Phones share no screen, and pages without TLS have no devices at all. */
function canShare(): boolean {
  return (navigator.mediaDevices as Partial<MediaDevices> | undefined)?.getDisplayMedia !== undefined;
}

/** The user has closed the browser's question. */
function isRefusal(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotAllowedError";
}

function unplugged({ label, replacedBy }: { label: string; replacedBy: string | undefined }): string {
  const gone = `“${label || "The device"}” is gone.`;
  return replacedBy === undefined ? gone : `${gone} The page goes on with “${replacedBy}”.`;
}
