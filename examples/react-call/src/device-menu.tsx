import type { DevicesHandle } from "@lastseen/react";
import type { ReactNode } from "react";

/** Another microphone or camera, without a gap for the others. */
export function DeviceMenu({
  mic,
  camera,
  onClose,
}: {
  mic: DevicesHandle;
  camera: DevicesHandle;
  onClose: () => void;
}): ReactNode {
  return (
    <section className="card menu" aria-label="Devices">
      <DeviceList label="Microphone" input={mic} />
      <DeviceList label="Camera" input={camera} />
      <button type="button" onClick={onClose}>
        Done
      </button>
    </section>
  );
}

function DeviceList({ label, input }: { label: string; input: DevicesHandle }): ReactNode {
  const { devices, activeDeviceId, permission, setActiveDevice } = input;
  const isKnown = devices.some(({ deviceId }) => deviceId !== "");
  return (
    <label>
      {label}
      <select
        value={activeDeviceId ?? ""}
        disabled={!isKnown}
        onChange={(event) => void setActiveDevice(event.target.value)}
      >
        {activeDeviceId === undefined && (
          <option value="">{permission === "denied" ? "Not allowed" : isKnown ? "Choose …" : "None found yet"}</option>
        )}
        {devices
          .filter(({ deviceId }) => deviceId !== "")
          .map(({ deviceId, label: name }, index) => (
            <option key={deviceId} value={deviceId}>
              {name || `${label} ${index + 1}`}
            </option>
          ))}
      </select>
    </label>
  );
}
