import * as mediasoup from "mediasoup";
import type { RtpCapabilities } from "mediasoup/types";
import { StartError } from "../../kernel/start-error.js";
import { MEDIA_CODECS } from "./codecs.js";

/** Older versions of mediasoup do not export it. An application, or a service without media, runs with these too. */
const { ortc } = mediasoup as Partial<Pick<typeof mediasoup, "ortc">>;

/**
 * What every router of the service can do. It is the same for all routers, so a room without a router can answer with it too.
 *
 * @throws StartError when mediasoup is too old for a service that makes media itself
 */
export function routerCapabilities(): RtpCapabilities {
  if (!ortc) {
    throw new StartError(
      `mediasoup ${mediasoup.version} is too old for a service that makes media itself: install mediasoup 3.27, or set SFU_WORKERS=0`,
    );
  }
  return { ...ortc.generateRouterRtpCapabilities([...MEDIA_CODECS]) };
}
