import { createDevices, type DeviceSource, type Permission } from "@lastseen/client/devices";
import { describe, expect, it, vi } from "vitest";
import { calm, FakeTrack, mediaInRoom, requests } from "./fake-media.js";

class DeviceTrack extends FakeTrack {
  readonly deviceId: string;

  constructor(kind: "audio" | "video", deviceId: string) {
    super(kind);
    this.deviceId = deviceId;
    Object.assign(this, { label: `Device ${deviceId}` });
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId };
  }
}

/** A browser whose devices come and go. */
class Machine implements DeviceSource {
  readonly plugged = new Map<string, MediaDeviceKind>();
  readonly opened: DeviceTrack[] = [];
  readonly asked: MediaStreamConstraints[] = [];
  /** Devices that another program has. */
  readonly busy = new Set<string>();
  /** Devices that open only after this. */
  readonly late = new Map<string, Promise<void>>();
  /** What the next opening is refused with. */
  refusal: string | undefined;
  permissions: Permission = "granted";
  hasScreenSound = true;
  listeners = 0;
  #changed = () => {};

  constructor() {
    for (const id of ["mic-1", "mic-2"]) this.plugged.set(id, "audioinput");
    for (const id of ["camera-1", "camera-2"]) this.plugged.set(id, "videoinput");
  }

  list(): Promise<MediaDeviceInfo[]> {
    const devices = Array.from(this.plugged, ([deviceId, kind]) => ({ deviceId, kind, label: deviceId, groupId: "" }));
    return Promise.resolve(devices as unknown as MediaDeviceInfo[]);
  }

  open(constraints: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push(constraints);
    if (this.refusal !== undefined) return this.#refuse();
    const [kind, wishes] = constraints.audio ? ["audioinput", constraints.audio] : ["videoinput", constraints.video];
    const wanted = (wishes as MediaTrackConstraints).deviceId as { exact?: string; ideal?: string } | undefined;
    const fitting = [...this.plugged].filter(([, of]) => of === kind).map(([id]) => id);
    const id = fitting.find((one) => one === (wanted?.exact ?? wanted?.ideal)) ?? fitting[0];
    if (id === undefined) return Promise.reject(new DOMException("none", "NotFoundError"));
    if (this.busy.has(id)) return Promise.reject(new DOMException("busy", "NotReadableError"));
    const open = () => this.#stream(new DeviceTrack(constraints.audio ? "audio" : "video", id));
    return this.late.get(id)?.then(open) ?? Promise.resolve(open());
  }

  openScreen(): Promise<MediaStream> {
    if (this.refusal !== undefined) return this.#refuse();
    const sound = this.hasScreenSound ? [new DeviceTrack("audio", "screen-sound")] : [];
    return Promise.resolve(this.#stream(new DeviceTrack("video", "screen"), ...sound));
  }

  permission(): Promise<Permission> {
    return Promise.resolve(this.permissions);
  }

  listen(changed: () => void): () => void {
    this.listeners += 1;
    this.#changed = changed;
    return () => (this.listeners -= 1);
  }

  async change(): Promise<void> {
    this.#changed();
    await calm();
  }

  async unplug(id: string): Promise<void> {
    this.plugged.delete(id);
    for (const track of this.opened) if (track.deviceId === id && track.readyState === "live") track.end();
    await this.change();
  }

  #refuse(): Promise<never> {
    const name = this.refusal;
    this.refusal = undefined;
    return Promise.reject(new DOMException("refused", name));
  }

  #stream(...tracks: DeviceTrack[]): MediaStream {
    this.opened.push(...tracks);
    const of = (kind: string) => tracks.filter((track) => track.kind === kind);
    const stream = { getTracks: () => tracks, getVideoTracks: () => of("video"), getAudioTracks: () => of("audio") };
    return stream as unknown as MediaStream;
  }
}

async function atDesk() {
  const scene = await mediaInRoom();
  const machine = new Machine();
  const devices = createDevices(scene.media, machine);
  const stop = devices.watch();
  await calm();
  const published = () =>
    scene.media.publications.map(
      ({ source, track }) => `${source} ${(track as DeviceTrack & MediaStreamTrack).getSettings().deviceId}`,
    );
  return { ...scene, machine, devices, stop, published };
}

describe("devices", () => {
  it("are listed by input, with their permission", async () => {
    const { devices } = await atDesk();
    const { devices: mics, permission, activeDeviceId } = devices.state("mic");
    expect(mics.map(({ deviceId }) => deviceId)).toEqual(["mic-1", "mic-2"]);
    expect([permission, activeDeviceId]).toEqual(["granted", undefined]);
    expect(devices.state("camera").devices.map(({ deviceId }) => deviceId)).toEqual(["camera-1", "camera-2"]);
  });

  it("are opened and published, and closed", async () => {
    const { devices, machine, published } = await atDesk();
    await devices.start("mic");
    await devices.start("camera", { constraints: { height: { ideal: 360 } } });
    expect(published()).toEqual(["mic mic-1", "camera camera-1"]);
    expect(machine.asked).toEqual([{ audio: {} }, { video: { height: { ideal: 360 } } }]);
    expect(devices.state("mic").activeDeviceId).toBe("mic-1");
    devices.stop("camera");
    expect(machine.opened.map(({ readyState }) => readyState)).toEqual(["live", "ended"]);
  });

  it("are switched without a new producer", async () => {
    const { browser, devices, machine, published } = await atDesk();
    await devices.start("mic");
    await devices.select("mic", "mic-2");
    expect(published()).toEqual(["mic mic-2"]);
    expect(requests(browser, "produce")).toHaveLength(1);
    expect(requests(browser, "closeProducer")).toEqual([]);
    expect(machine.opened[0]?.readyState).toBe("ended");
    expect(devices.state("mic").activeDeviceId).toBe("mic-2");
  });

  it("can be chosen before they start", async () => {
    const { devices, published } = await atDesk();
    await devices.select("mic", "mic-2");
    expect(devices.state("mic").activeDeviceId).toBe("mic-2");
    await devices.start("mic");
    expect(published()).toEqual(["mic mic-2"]);
  });

  it("stay as they are when another one is refused", async () => {
    const { devices, machine, published } = await atDesk();
    await devices.start("mic");
    machine.refusal = "NotAllowedError";
    await expect(devices.select("mic", "mic-2")).rejects.toThrow("refused");
    expect(published()).toEqual(["mic mic-1"]);
    expect(machine.opened[0]?.readyState).toBe("live");
  });

  it("are closed first on a phone that opens one camera at a time", async () => {
    const { browser, devices, machine, published } = await atDesk();
    await devices.start("camera");
    machine.refusal = "NotReadableError";
    await devices.select("camera", "camera-2");
    expect(published()).toEqual(["camera camera-2"]);
    expect(requests(browser, "produce")).toHaveLength(1);
  });

  it("go on with the one before when the other one cannot be opened, also where that one was closed first", async () => {
    const { browser, devices, machine, published } = await atDesk();
    await devices.start("camera");
    machine.refusal = "NotReadableError";
    machine.busy.add("camera-2");
    await expect(devices.select("camera", "camera-2")).rejects.toThrow("busy");
    expect(published()).toEqual(["camera camera-1"]);
    expect(machine.opened.at(-1)?.readyState).toBe("live");
    expect(requests(browser, "produce")).toHaveLength(1);
    expect(devices.state("camera").activeDeviceId).toBe("camera-1");
  });

  it("end their publication when not even the one before can be opened again", async () => {
    const { devices, machine, published } = await atDesk();
    await devices.start("camera");
    machine.refusal = "NotReadableError";
    for (const id of ["camera-1", "camera-2"]) machine.busy.add(id);
    await expect(devices.select("camera", "camera-2")).rejects.toThrow("busy");
    expect(published()).toEqual([]);
  });

  it("are closed again when the browser cannot send another one", async () => {
    const { devices, machine, media, published } = await atDesk();
    await devices.start("mic");
    const producer = media.publications[0]?.producer;
    if (!producer) throw new Error("nothing is sent");
    producer.replaceTrack = () => Promise.reject(new Error("no such track"));
    await expect(devices.select("mic", "mic-2")).rejects.toThrow("no such track");
    expect(published()).toEqual(["mic mic-1"]);
    expect(machine.opened.map(({ readyState }) => readyState)).toEqual(["live", "ended"]);
  });

  it("are closed at once when they open after the stop", async () => {
    const { devices, machine, published } = await atDesk();
    const starting = devices.start("mic");
    devices.stop("mic");
    await starting;
    expect(published()).toEqual([]);
    expect(machine.opened.map(({ readyState }) => readyState)).toEqual(["ended"]);
    await devices.start("mic");
    expect(published()).toEqual(["mic mic-1"]);
  });

  it("are closed at once when they open after all media has ended: the next call must not begin with them", async () => {
    const { devices, machine, media, published } = await atDesk();
    const starting = [devices.start("mic"), devices.start("camera"), devices.startScreen()];
    media.reset();
    await Promise.all(starting);
    expect(published()).toEqual([]);
    expect(machine.opened.map(({ readyState }) => readyState)).toEqual(["ended", "ended", "ended", "ended"]);
  });

  it("leave a device alone that was selected while the one before was opened again", async () => {
    const { devices, machine, published } = await atDesk();
    machine.plugged.set("camera-3", "videoinput");
    await devices.start("camera");
    machine.refusal = "NotReadableError";
    machine.busy.add("camera-2");
    let open = (): void => {};
    machine.late.set("camera-1", new Promise<void>((resolve) => (open = resolve)));
    const refused = devices.select("camera", "camera-2");
    while (machine.asked.length < 4) await Promise.resolve();
    await devices.select("camera", "camera-3");
    open();
    await refused;
    await calm();
    expect(published()).toEqual(["camera camera-3"]);
    expect(machine.opened.filter(({ readyState }) => readyState === "live")).toHaveLength(1);
  });

  it("are followed only while somebody watches", async () => {
    const { devices, machine, stop } = await atDesk();
    const stopToo = devices.watch();
    expect(machine.listeners).toBe(1);
    stop();
    stop();
    expect(machine.listeners).toBe(1);
    stopToo();
    expect(machine.listeners).toBe(0);
  });

  it("tell a changed permission, and nothing when nothing has changed", async () => {
    const { devices, machine } = await atDesk();
    const changes = vi.fn();
    devices.on("change", changes);
    await machine.change();
    expect(changes).not.toHaveBeenCalled();
    machine.permissions = "denied";
    await machine.change();
    expect(changes.mock.calls.map(([{ input, state }]) => [input, state.permission])).toEqual([
      ["mic", "denied"],
      ["camera", "denied"],
    ]);
  });
});

describe("an unplugged device", () => {
  it("gives its place to another one, with the same producer", async () => {
    const { browser, devices, machine, published } = await atDesk();
    await devices.start("mic");
    await machine.unplug("mic-1");
    expect(published()).toEqual(["mic mic-2"]);
    expect(requests(browser, "produce")).toHaveLength(1);
    expect(devices.state("mic").unplugged).toEqual({ label: "Device mic-1", replacedBy: "Device mic-2" });
    await devices.select("mic", "mic-2");
    expect(devices.state("mic").unplugged).toBeUndefined();
  });

  it("ends the publication when there is no other", async () => {
    const { devices, machine, published } = await atDesk();
    await devices.start("mic");
    await machine.unplug("mic-2");
    await machine.unplug("mic-1");
    expect(published()).toEqual([]);
    expect(devices.state("mic").unplugged).toEqual({ label: "Device mic-1", replacedBy: undefined });
  });

  it("gives its place to another one also when it was pulled out while there was no producer", async () => {
    const { browser, devices, machine, published, service } = await atDesk();
    service.refusals.set("createTransport", { code: "media_unavailable", retryable: true });
    await devices.start("mic");
    await machine.unplug("mic-1");
    await browser.timers.advance(1_000);
    await calm();
    expect(published()).toEqual(["mic mic-2"]);
    expect(requests(browser, "produce")).toHaveLength(1);
    expect(devices.state("mic").unplugged).toEqual({ label: "Device mic-1", replacedBy: "Device mic-2" });
  });

  it("gives its place to another one also where the page had opened it before", async () => {
    const { browser, devices, machine, published } = await atDesk();
    const [track] = (await machine.open({ audio: {} })).getTracks();
    await devices.start("mic", { track: track as MediaStreamTrack });
    expect(published()).toEqual(["mic mic-1"]);
    expect(machine.asked).toHaveLength(1);
    await machine.unplug("mic-1");
    expect(published()).toEqual(["mic mic-2"]);
    expect(requests(browser, "produce")).toHaveLength(1);
  });
});

describe("a device that stops although it is still there", () => {
  it("ends its publication, and says that the user has taken the permission away", async () => {
    const { browser, devices, machine, published } = await atDesk();
    const heard = vi.fn();
    devices.on("stopped", heard);
    await devices.start("mic");
    machine.permissions = "denied";
    machine.opened[0]?.end();
    await calm();
    expect(published()).toEqual([]);
    expect(requests(browser, "closeProducer")).toHaveLength(1);
    expect(machine.asked).toHaveLength(1);
    expect(heard.mock.calls).toEqual([[{ input: "mic", label: "Device mic-1", permission: "denied" }]]);
    expect(devices.state("mic").stopped).toEqual({ label: "Device mic-1", permission: "denied" });
    expect(devices.state("mic").unplugged).toBeUndefined();
  });

  it("is opened again once where it is allowed, with the same producer", async () => {
    const { browser, devices, machine, published } = await atDesk();
    await devices.select("mic", "mic-2");
    await devices.start("mic");
    machine.opened[0]?.end();
    await calm();
    expect(published()).toEqual(["mic mic-2"]);
    expect(requests(browser, "produce")).toHaveLength(1);
    expect(devices.state("mic").stopped).toBeUndefined();
    machine.opened[1]?.end();
    await calm();
    expect(published()).toEqual([]);
    expect(devices.state("mic").stopped).toEqual({ label: "Device mic-2", permission: "granted" });
  });

  it("is forgotten when it starts again", async () => {
    const { devices, machine, published } = await atDesk();
    await devices.start("mic");
    machine.permissions = "prompt";
    machine.opened[0]?.end();
    await calm();
    expect(devices.state("mic").stopped).toEqual({ label: "Device mic-1", permission: "prompt" });
    await devices.start("mic");
    expect(published()).toEqual(["mic mic-1"]);
    expect(devices.state("mic").stopped).toBeUndefined();
  });

  it("is forgotten also when the next start is refused", async () => {
    const { devices, machine } = await atDesk();
    await devices.start("mic");
    machine.permissions = "denied";
    machine.opened[0]?.end();
    await calm();
    machine.refusal = "NotAllowedError";
    await expect(devices.start("mic")).rejects.toThrow("refused");
    expect(devices.state("mic").stopped).toBeUndefined();
  });

  it("ends its publication when it cannot be opened again", async () => {
    const { devices, machine, published } = await atDesk();
    await devices.start("mic");
    machine.refusal = "NotReadableError";
    machine.opened[0]?.end();
    await calm();
    expect(published()).toEqual([]);
    expect(devices.state("mic").stopped).toEqual({ label: "Device mic-1", permission: "granted" });
  });
});

describe("a shared screen", () => {
  it("is two sources, picture and sound", async () => {
    const { devices, published } = await atDesk();
    await devices.startScreen();
    expect(published()).toEqual(["screen screen", "screen-audio screen-sound"]);
    devices.stopScreen();
    expect(published()).toEqual([]);
  });

  it("may have no sound", async () => {
    const { devices, machine, published } = await atDesk();
    machine.hasScreenSound = false;
    await devices.startScreen();
    expect(published()).toEqual(["screen screen"]);
  });

  it("ends with both when the user ends it in the browser", async () => {
    const { devices, machine, published } = await atDesk();
    await devices.startScreen();
    machine.opened[0]?.end();
    await calm();
    expect(published()).toEqual([]);
    expect(machine.opened.map(({ readyState }) => readyState)).toEqual(["ended", "ended"]);
  });

  it("has no sound either when it was stopped before it was shared", async () => {
    const { devices, machine, published } = await atDesk();
    const starting = devices.startScreen();
    devices.stopScreen();
    await starting;
    expect(published()).toEqual([]);
    const again = devices.startScreen();
    await Promise.resolve();
    expect(published()).toEqual(["screen screen"]);
    devices.stopScreen();
    await again;
    expect(published()).toEqual([]);
    expect(machine.opened.map(({ readyState }) => readyState)).toEqual(["ended", "ended", "ended", "ended"]);
  });

  it("has no sound of the one before when another one without sound takes its place", async () => {
    const { devices, machine, published } = await atDesk();
    await devices.startScreen();
    machine.hasScreenSound = false;
    await devices.startScreen();
    expect(published()).toEqual(["screen screen"]);
    expect(machine.opened.map(({ readyState }) => readyState)).toEqual(["ended", "ended", "live"]);
  });

  it("is not shared when the user refuses", async () => {
    const { devices, machine, published } = await atDesk();
    machine.refusal = "NotAllowedError";
    await expect(devices.startScreen()).rejects.toThrow("refused");
    expect(published()).toEqual([]);
  });
});

describe("a browser without devices", () => {
  it("lists none, knows no permission, and says why it opens none", async () => {
    const { media } = await mediaInRoom();
    const devices = createDevices(media);
    const stop = devices.watch();
    await calm();
    expect(devices.state("mic")).toEqual({
      devices: [],
      activeDeviceId: undefined,
      permission: "unknown",
      unplugged: undefined,
      stopped: undefined,
    });
    await expect(devices.start("mic")).rejects.toThrow("use https, or localhost");
    await expect(devices.startScreen()).rejects.toThrow("use https, or localhost");
    stop();
  });
});
