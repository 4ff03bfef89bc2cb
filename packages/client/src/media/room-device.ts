import type { Device } from "mediasoup-client/types";
import type { JoinedRoom } from "../events.js";
import { RequestError } from "../request-error.js";

/** mediasoup-client's device, loaded for the room's router. It is made when it is needed, once for each router. */
export class RoomDevice {
  /** Of the router of the present room; null: the room has no media. */
  capabilities: JoinedRoom["routerRtpCapabilities"] = null;
  readonly #create: () => Promise<Device>;
  #device: Promise<Device> | undefined;

  constructor(create: () => Promise<Device>) {
    this.#create = create;
  }

  /** Rejects with `media_unavailable` when the room has no media. */
  load(): Promise<Device> {
    if (this.#device) return this.#device;
    const device = this.#make();
    device.catch(() => (this.#device = undefined));
    return (this.#device = device);
  }

  /** The next {@link load} makes another one. */
  forget(): void {
    this.#device = undefined;
  }

  async #make(): Promise<Device> {
    const routerRtpCapabilities = this.capabilities;
    if (!routerRtpCapabilities)
      throw new RequestError("media_unavailable", "The room has no media: SFU_WORKERS of the service is 0.", {
        retryable: false,
      });
    const device = await this.#create();
    await device.load({ routerRtpCapabilities });
    return device;
  }
}
