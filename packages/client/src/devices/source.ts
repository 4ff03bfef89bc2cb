/** What the helpers need from the browser. It can be replaced in tests. */

/** `unknown`: the browser does not tell. */
export type Permission = PermissionState | "unknown";
/** The sources that have devices. */
export type DeviceInput = "mic" | "camera";

export interface DeviceSource {
  /** All devices. Their ids and labels are empty until the user has allowed one. Never rejects. */
  list(): Promise<readonly MediaDeviceInfo[]>;
  /** @throws DOMException such as `NotAllowedError`, `NotFoundError`, `NotReadableError` */
  open(constraints: MediaStreamConstraints): Promise<MediaStream>;
  /** @throws DOMException such as `NotAllowedError` */
  openScreen(options: DisplayMediaStreamOptions): Promise<MediaStream>;
  /** Whether the page may use these devices. Never rejects. */
  permission(input: DeviceInput): Promise<Permission>;
  /** Reports that devices came or went, or that a permission changed. The returned function stops it. */
  listen(changed: () => void): () => void;
}

const NAMES: Readonly<Record<DeviceInput, string>> = { mic: "microphone", camera: "camera" };

/** Missing in pages that came without TLS, and in some web views. */
function mediaDevices(): Partial<MediaDevices> | undefined {
  return (globalThis.navigator as Partial<Navigator> | undefined)?.mediaDevices;
}

/** Some browsers do not know the names of these permissions, and throw. */
async function permissionOf(input: DeviceInput): Promise<PermissionStatus | undefined> {
  try {
    const { permissions } = navigator as Partial<Navigator>;
    return await permissions?.query({ name: NAMES[input] as PermissionName });
  } catch {
    return undefined;
  }
}

function missing(what: string): DOMException {
  const message = `The browser gives ${what} to secure pages only: use https, or localhost.`;
  return new DOMException(message, "NotSupportedError");
}

/** The devices of a real browser. */
export const browserDevices: DeviceSource = {
  async list() {
    try {
      return (await mediaDevices()?.enumerateDevices?.()) ?? [];
    } catch {
      return [];
    }
  },

  async open(constraints) {
    const devices = mediaDevices();
    if (!devices?.getUserMedia) throw missing("camera and microphone");
    return devices.getUserMedia(constraints);
  },

  async openScreen(options) {
    const devices = mediaDevices();
    if (!devices?.getDisplayMedia) throw missing("the screen");
    return devices.getDisplayMedia(options);
  },

  permission: async (input) => (await permissionOf(input))?.state ?? "unknown",

  listen(changed) {
    const stop = new AbortController();
    const { signal } = stop;
    mediaDevices()?.addEventListener?.("devicechange", changed, { signal });
    for (const input of ["mic", "camera"] as const)
      void permissionOf(input).then((status) => {
        if (!signal.aborted) status?.addEventListener("change", changed, { signal });
      });
    return () => stop.abort();
  },
};
