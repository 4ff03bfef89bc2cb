/** The events that the others get about this session's producers. This session gets only the answers to its requests. */
import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import type { ServiceEvent } from "./frame.js";

interface Self {
  readonly roomId: string;
  readonly userId: string;
  readonly sessionId: string;
}

type EventMakers = {
  readonly [T in RequestType]?: (self: Self, data: RequestData<T>, reply: ReplyData<T>) => ServiceEvent;
};

const EVENT_MAKERS: EventMakers = {
  produce: (self, { kind, source, paused = false }, { producerId }) => ({
    type: "new_producer",
    data: { ...self, producerId, kind, paused, ...(source !== undefined && { source }) },
  }),
  pauseProducer: (self, { producerId }) => ({ type: "producer_paused", data: { ...self, producerId } }),
  resumeProducer: (self, { producerId }) => ({ type: "producer_resumed", data: { ...self, producerId } }),
  closeProducer: (self, { producerId }) => ({ type: "producer_closed", data: { ...self, producerId } }),
};

/** The event that the service has sent to the others for this request, if any. */
export function eventForOthers<T extends RequestType>(
  self: Self,
  type: T,
  data: RequestData<T>,
  reply: ReplyData<T>,
): ServiceEvent | undefined {
  return EVENT_MAKERS[type]?.(self, data, reply);
}
