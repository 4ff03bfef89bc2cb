/**
 * Opens microphone, camera and screen, and publishes them. Another device, or the one that takes the place of an unplugged
 * one, goes into the same publication by {@link LastseenMedia.replaceTrack}, so that the others keep its producer.
 */
import type { LastseenMedia } from "../media/media.js";
import type { Publication, PublishOptions } from "../media/types.js";
import { Emitter } from "../emitter.js";
import { devicesOf, isSame, UNKNOWN, type DeviceState, type Stopped, type Unplugged } from "./device-state.js";
import type { DeviceInput, DeviceSource } from "./source.js";

/** How a device is opened and published. */
export interface StartOptions extends Pick<PublishOptions, "muted" | "encodings"> {
  /** Wishes for the device, such as `{ height: { ideal: 360 } }`; they stay for the next device. */
  readonly constraints?: MediaTrackConstraints;
  /** A track of such a device that the page has opened already, for example for a preview. Another one is opened only where it has ended. */
  readonly track?: MediaStreamTrack;
}

export interface DeviceEvents {
  /** The devices, their permission or the choice have changed. Only while somebody {@link LastseenDevices.watch}es. */
  change: { input: DeviceInput; state: DeviceState };
  unplugged: Unplugged & { input: DeviceInput };
  /** A device that is still there has stopped by itself, and its publication has ended. */
  stopped: Stopped & { input: DeviceInput };
}

const INPUTS = ["mic", "camera"] as const;
/** The sources of a shared screen. */
const SCREEN = "screen";
const SCREEN_AUDIO = "screen-audio";
const WISHES: Readonly<Record<DeviceInput, MediaTrackConstraints>> = {
  mic: {},
  camera: { width: { ideal: 1280 }, height: { ideal: 720 } },
};

export class LastseenDevices {
  readonly #media: LastseenMedia;
  readonly #source: DeviceSource;
  readonly #events = new Emitter<DeviceEvents>();
  readonly #states = new Map<DeviceInput, DeviceState>();
  readonly #chosen = new Map<DeviceInput, string>();
  readonly #wishes = new Map<DeviceInput, MediaTrackConstraints>();
  readonly #unplugged = new Map<DeviceInput, Unplugged>();
  readonly #stopped = new Map<DeviceInput, Stopped>();
  /** The inputs that were opened again after they had ended by themselves. */
  readonly #openedAgain = new Set<DeviceInput>();
  /** How often an input or the screen was stopped, also by the end of all media: what opens after a later stop is closed again. */
  readonly #stops = { mic: 0, camera: 0, screen: 0 };
  #watchers = 0;
  #refreshes = 0;
  #stopWatching: (() => void) | undefined;

  constructor(media: LastseenMedia, source: DeviceSource) {
    this.#media = media;
    this.#source = source;
    media.on("reset", () => {
      for (const input of [...INPUTS, SCREEN] as const) this.#stops[input] += 1;
    });
  }

  /** What is known about an input. A new object after every change; complete only while somebody watches. */
  state(input: DeviceInput): DeviceState {
    return this.#states.get(input) ?? UNKNOWN;
  }

  /** Adds a listener for one event. @returns a function that removes it */
  on<K extends keyof DeviceEvents>(event: K, listener: (payload: DeviceEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Follows devices and permissions until the returned function is called. Asks the user nothing. */
  watch(): () => void {
    this.#watchers += 1;
    this.#stopWatching ??= this.#listen();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      this.#stopWatching?.();
      this.#stopWatching = undefined;
    };
  }

  /**
   * Opens the selected device, or the one that the browser chooses, and publishes it as `mic` or `camera`. When meanwhile it is
   * stopped ({@link stop}), or the session leaves its room, it publishes nothing, and closes the device.
   *
   * @throws DOMException the browser's refusal, such as `NotAllowedError`; what {@link LastseenMedia.publish} throws
   */
  async start(input: DeviceInput, { constraints, track: opened, ...options }: StartOptions = {}): Promise<void> {
    if (constraints) this.#wishes.set(input, constraints);
    this.#forgetLoss(input);
    const chosen = this.#chosen.get(input);
    const stops = this.#stops[input];
    try {
      const track =
        opened?.readyState === "live"
          ? opened
          : await this.#open(input, chosen === undefined ? {} : { deviceId: { ideal: chosen } });
      if (stops === this.#stops[input])
        await this.#media.publish(track, { ...options, source: input, afterEnd: () => this.#takeAnother(input) });
      else track.stop();
    } finally {
      await this.#refresh();
    }
  }

  /** Ends the publication and closes the device. */
  stop(input: DeviceInput): void {
    this.#stops[input] += 1;
    this.#media.unpublish(input);
  }

  /**
   * Takes this device: at once if the input is published, or else for the next {@link start}.
   *
   * @throws DOMException the browser's refusal: then the device before it goes on, if it had not to be closed for the attempt or
   *   can be opened again
   */
  async select(input: DeviceInput, deviceId: string): Promise<void> {
    const before = this.#chosen.get(input);
    this.#chosen.set(input, deviceId);
    this.#forgetLoss(input);
    try {
      if (this.#publication(input)) await this.#switch(input, deviceId);
    } catch (error) {
      if (this.#chosen.get(input) !== deviceId) return;
      if (before === undefined) this.#chosen.delete(input);
      else this.#chosen.set(input, before);
      throw error;
    } finally {
      await this.#refresh();
    }
  }

  /**
   * Shows the screen, a window or a tab that the user chooses: publishes the picture as `screen`, and the sound as
   * `screen-audio` where the browser gives one. When the user ends it in the browser, both publications end. After a
   * {@link stopScreen} meanwhile, or when the session has left its room meanwhile, it shares nothing more.
   *
   * @throws DOMException `NotAllowedError` when the user refuses
   */
  async startScreen(options: DisplayMediaStreamOptions = { video: true, audio: true }): Promise<void> {
    const stops = this.#stops.screen;
    const isWanted = () => stops === this.#stops.screen;
    const stream = await this.#source.openScreen(options);
    const [picture, sound] = [stream.getVideoTracks()[0], stream.getAudioTracks()[0]];
    const afterEnd = () => {
      this.#stops.screen += 1;
      this.#media.unpublish(SCREEN_AUDIO);
      return Promise.resolve(undefined);
    };
    try {
      if (picture && isWanted()) await this.#media.publish(picture, { source: SCREEN, afterEnd });
      if (isWanted() && !sound) this.#media.unpublish(SCREEN_AUDIO);
      if (sound && isWanted()) await this.#media.publish(sound, { source: SCREEN_AUDIO });
      if (!isWanted()) for (const track of stream.getTracks()) track.stop();
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      this.stopScreen();
      throw error;
    }
  }

  stopScreen(): void {
    this.#stops.screen += 1;
    this.#media.unpublish(SCREEN);
    this.#media.unpublish(SCREEN_AUDIO);
  }

  #listen(): () => void {
    const changed = () => void this.#refresh();
    const stops = [this.#source.listen(changed), this.#media.on("publications", changed)];
    changed();
    return () => {
      for (const stop of stops) stop();
    };
  }

  #publication(input: DeviceInput): Publication | undefined {
    return this.#media.publications.find(({ source }) => source === input);
  }

  async #open(input: DeviceInput, device: MediaTrackConstraints): Promise<MediaStreamTrack> {
    const wishes = { ...(this.#wishes.get(input) ?? WISHES[input]), ...device };
    const stream = await this.#source.open(input === "mic" ? { audio: wishes } : { video: wishes });
    const [track] = stream.getTracks();
    if (!track) throw new DOMException("The browser gave no track.", "NotFoundError");
    return track;
  }

  async #switch(input: DeviceInput, deviceId: string): Promise<void> {
    const device = { deviceId: { exact: deviceId } };
    const next = await this.#open(input, device).catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== "NotReadableError") throw error;
      return this.#openAlone(input, device);
    });
    // The user has selected yet another device, or has ended the publication, while this one opened.
    if (this.#chosen.get(input) === deviceId && this.#publication(input)) await this.#goOnWith(input, next);
    else next.stop();
  }

  /** Some phones open one camera at a time: closes the one that is published, and opens it again when the other one is refused. */
  async #openAlone(input: DeviceInput, device: MediaTrackConstraints): Promise<MediaStreamTrack> {
    const before = this.#publication(input)?.track;
    before?.stop();
    try {
      return await this.#open(input, device);
    } catch (error) {
      if (before) await this.#reopen(input, before);
      throw error;
    }
  }

  /** Goes on with the device of a track that was stopped, or ends its publication. Leaves a later publication alone. */
  async #reopen(input: DeviceInput, before: MediaStreamTrack): Promise<void> {
    const isPublished = () => this.#publication(input)?.track === before;
    if (!isPublished()) return;
    try {
      const again = await this.#open(input, { deviceId: { exact: before.getSettings().deviceId ?? "" } });
      if (isPublished()) await this.#goOnWith(input, again);
      else again.stop();
    } catch {
      if (isPublished()) this.#media.unpublish(input);
    }
  }

  async #goOnWith(input: DeviceInput, next: MediaStreamTrack): Promise<void> {
    try {
      await this.#media.replaceTrack(input, next);
    } catch (error) {
      next.stop();
      throw error;
    }
  }

  /** The track has ended by itself: its device was unplugged, or the user took the permission away. */
  async #takeAnother(input: DeviceInput): Promise<MediaStreamTrack | undefined> {
    const track = this.#publication(input)?.track;
    const endedId = track?.getSettings().deviceId;
    const left = devicesOf(input, await this.#source.list());
    const isUnplugged = left.every(({ deviceId }) => deviceId !== "" && deviceId !== endedId);
    if (!track) return undefined;
    if (!isUnplugged) return this.#openAgain(input, track);
    const next = left.length > 0 ? await this.#open(input, {}).catch(() => undefined) : undefined;
    const unplugged = { label: track.label, replacedBy: next?.label };
    this.#chosen.delete(input);
    this.#unplugged.set(input, unplugged);
    this.#events.emit("unplugged", { ...unplugged, input });
    return next;
  }

  /**
   * The track's device is still there. Chromium also ends the microphone when the user takes away the permission for a camera
   * that was opened together with it. What is allowed is opened again once; a device that ends for the second time has failed.
   */
  async #openAgain(input: DeviceInput, ended: MediaStreamTrack): Promise<MediaStreamTrack | undefined> {
    if ((await this.#source.permission(input)) === "granted" && !this.#openedAgain.has(input)) {
      this.#openedAgain.add(input);
      const next = await this.#open(input, { deviceId: { ideal: ended.getSettings().deviceId ?? "" } }).catch(() => {});
      if (next) return next;
    }
    // The browser may end the track before it changes the permission, so the one from before does not count.
    const stopped = { label: ended.label, permission: await this.#source.permission(input) };
    this.#stopped.set(input, stopped);
    this.#events.emit("stopped", { ...stopped, input });
    return undefined;
  }

  #forgetLoss(input: DeviceInput): void {
    this.#unplugged.delete(input);
    this.#stopped.delete(input);
    this.#openedAgain.delete(input);
  }

  async #refresh(): Promise<void> {
    if (this.#watchers === 0) return;
    const number = ++this.#refreshes;
    const [all, ...permissions] = await Promise.all([
      this.#source.list(),
      ...INPUTS.map((input) => this.#source.permission(input)),
    ]);
    // The browser may answer the questions of a later refresh first.
    if (number !== this.#refreshes) return;
    for (const [index, input] of INPUTS.entries()) {
      const state: DeviceState = {
        devices: devicesOf(input, all),
        activeDeviceId: this.#publication(input)?.track.getSettings().deviceId ?? this.#chosen.get(input),
        permission: permissions[index] ?? "unknown",
        unplugged: this.#unplugged.get(input),
        stopped: this.#stopped.get(input),
      };
      if (isSame(state, this.state(input))) continue;
      this.#states.set(input, state);
      this.#events.emit("change", { input, state });
    }
  }
}
