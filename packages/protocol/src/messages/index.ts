import Type, { type Static } from "typebox";
import { callEvents, callRequests } from "./call.js";
import { mediaEvents, mediaRequests } from "./media.js";
import { sessionEvents, sessionRequests } from "./session.js";
import { Shape } from "./shared.js";

/** Every request: the schema of its data and of its reply. The single source for validation and types. */
export const REQUESTS = { ...sessionRequests, ...mediaRequests, ...callRequests } as const;

/** Every event: the schema of its data. */
export const EVENTS = {
  ...sessionEvents,
  ...mediaEvents,
  ...callEvents,
  error: Shape({
    code: Type.String(),
    message: Type.String(),
    type: Type.Optional(Type.String()),
    data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
} as const;

export type RequestType = keyof typeof REQUESTS;
export type RequestData<T extends RequestType> = Static<(typeof REQUESTS)[T]["data"]>;
export type ReplyData<T extends RequestType> = Static<(typeof REQUESTS)[T]["reply"]>;
export type EventType = keyof typeof EVENTS;
export type EventData<T extends EventType> = Static<(typeof EVENTS)[T]>;

/** A request's id is the client's own: an integer or a short string. */
export type RequestId = string | number;
