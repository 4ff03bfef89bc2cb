import type { Device } from "mediasoup-client/types";
import type { Timers } from "../environment.js";
import type { SubscriptionRule } from "./choice.js";
import type { NetworkSource } from "./network.js";

/** How a page's media behaves. */
export interface MediaOptions {
  /** Which of the others' producers this page receives; by default all. */
  readonly subscribe?: SubscriptionRule;
  /**
   * Which simulcast layer of a track this page asks for. `by_size`, the default: the lowest one that looks sharp in the largest
   * element that {@link LastseenMedia.attach} shows it in; a track in no element stays as it is. `application`: only
   * {@link LastseenMedia.setPreferredLayers} asks.
   */
  readonly layers?: "by_size" | "application";
  /** Makes mediasoup-client's device; by default mediasoup-client detects the browser. */
  readonly createDevice?: () => Promise<Device>;
  readonly timers?: Timers;
  readonly network?: NetworkSource;
}
