/**
 * mediasoup's parameters are plain JSON objects in the protocol. Only these functions give them mediasoup-client's types,
 * without a check; mediasoup-client checks them itself.
 */
import type { AppData, IceParameters, RtpParameters, TransportOptions } from "mediasoup-client/types";
import type { JsonObject, ReplyData, RequestData } from "@lastseen/protocol";

export function transportOptions(reply: ReplyData<"createTransport">): TransportOptions {
  return reply as JsonObject as TransportOptions;
}

export function iceParametersOf({ iceParameters }: ReplyData<"restartIce">): IceParameters {
  return iceParameters as IceParameters;
}

export function rtpParametersOf({ rtpParameters }: ReplyData<"consume">): RtpParameters {
  return rtpParameters as RtpParameters;
}

/** What the publisher put into a producer's `appData`, which has no type in mediasoup-client. */
export function publishedAs({ source, paused }: AppData): Pick<RequestData<"produce">, "source" | "paused"> {
  return {
    ...(typeof source === "string" && { source }),
    ...(typeof paused === "boolean" && { paused }),
  };
}
