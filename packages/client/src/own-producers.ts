/** What the others are told of one's own producers. Oneself has only the service's answers to know it from. */
import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import type { ServiceEvent } from "./frame.js";

interface Self {
  readonly roomId: string;
  readonly userId: string;
  readonly sessionId: string;
}

type Tellers = {
  readonly [T in RequestType]?: (self: Self, data: RequestData<T>, reply: ReplyData<T>) => ServiceEvent;
};

const TELLERS: Tellers = {
  produce: (self, { kind, source, paused = false }, { producerId }) => ({
    type: "new_producer",
    data: { ...self, producerId, kind, paused, ...(source !== undefined && { source }) },
  }),
  pauseProducer: (self, { producerId }) => ({ type: "producer_paused", data: { ...self, producerId } }),
  resumeProducer: (self, { producerId }) => ({ type: "producer_resumed", data: { ...self, producerId } }),
  closeProducer: (self, { producerId }) => ({ type: "producer_closed", data: { ...self, producerId } }),
};

/** The event that the others were sent for this request, if any. */
export function toldTheOthers<T extends RequestType>(
  self: Self,
  type: T,
  data: RequestData<T>,
  reply: ReplyData<T>,
): ServiceEvent | undefined {
  return TELLERS[type]?.(self, data, reply);
}
