/**
 * mediasoup's parameters travel through the protocol as JSON objects: mediasoup on the one side and mediasoup-client on
 * the other are who know them, and nothing of ours looks inside. These functions are the only place that takes the
 * service's word for such a type; mediasoup-client checks it by itself.
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

/** What the publisher gave a producer on its way; mediasoup-client hands it through without a type. */
export function publishedAs({ source, paused }: AppData): Pick<RequestData<"produce">, "source" | "paused"> {
  return {
    ...(typeof source === "string" && { source }),
    ...(typeof paused === "boolean" && { paused }),
  };
}
