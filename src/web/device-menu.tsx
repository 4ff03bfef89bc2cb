/** Which microphone and which camera are in use, and a choice of others. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { DeviceInput, DeviceState } from "@lastseen/client/devices";
import { stoppedWords, unpluggedWords } from "./device-words.js";
import type { LiveCall } from "./live-call.js";
import { whyNoDevice } from "./local-tracks.js";

const INPUTS: readonly { input: DeviceInput; label: string }[] = [
  { input: "mic", label: "Microphone" },
  { input: "camera", label: "Camera" },
];

/** A dialog; it is there only while it is open. */
export function DeviceMenu({ call, close }: { call: LiveCall; close: () => void }) {
  const { devices } = call;
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState("");
  const [, changed] = useState(0);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    const stops = [devices.on("change", () => changed((count) => count + 1)), devices.watch()];
    return () => {
      for (const stop of stops) stop();
    };
  }, [devices]);
  const select = async (input: DeviceInput, deviceId: string): Promise<void> => {
    setProblem("");
    await devices.select(input, deviceId).catch((error: unknown) => setProblem(whyNoDevice(error)));
  };
  return (
    <dialog
      ref={dialog}
      class="card device-menu"
      aria-labelledby="devices-title"
      data-testid="device-menu"
      onClose={close}
    >
      <h2 id="devices-title">Microphone and camera</h2>
      {INPUTS.map(({ input, label }) => (
        <DeviceChoice
          key={input}
          input={input}
          label={label}
          state={devices.state(input)}
          select={(deviceId) => void select(input, deviceId)}
        />
      ))}
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="button" class="primary" data-testid="devices-done" onClick={() => dialog.current?.close()}>
        Done
      </button>
    </dialog>
  );
}

function DeviceChoice(props: {
  input: DeviceInput;
  label: string;
  state: DeviceState;
  select: (deviceId: string) => void;
}) {
  const { input, label, state, select } = props;
  const known = state.devices.filter(({ deviceId }) => deviceId !== "");
  const isListed = known.some(({ deviceId }) => deviceId === state.activeDeviceId);
  return (
    <label>
      <span>{label}</span>
      <select
        data-testid={`${input}-select`}
        disabled={known.length === 0}
        value={isListed ? state.activeDeviceId : ""}
        onChange={({ currentTarget }) => currentTarget.value !== "" && select(currentTarget.value)}
      >
        {!isListed && <option value="">{known.length === 0 ? noneWords(state, label) : "The browser’s choice"}</option>}
        {known.map((device, index) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || `${label} ${index + 1}`}
          </option>
        ))}
      </select>
      {state.unplugged && <span class="small">{unpluggedWords(state.unplugged, input)}</span>}
      {state.stopped && <span class="small">{stoppedWords(state.stopped, input)}</span>}
    </label>
  );
}

/** The browser names devices only when the user has allowed one. */
function noneWords({ devices, permission }: DeviceState, label: string): string {
  if (permission === "denied") return "The browser does not allow it";
  return devices.length === 0 ? `No ${label.toLowerCase()} was found` : `Turn the ${label.toLowerCase()} on to choose`;
}
