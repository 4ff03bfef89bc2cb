import { EVENTS, REQUESTS, type EventType, type RequestType } from "@lastseen/protocol";

/** The event of Socket.IO that carries every frame, both ways. */
export const FRAME_EVENT = "lastseen";
/** The event that ends a line, both ways: `{ code, reason }`, as the close frame of a WebSocket. */
export const CLOSE_EVENT = "lastseen:close";

/** What the service sends without being asked, beside the answers to requests. */
type SentType = EventType | "pong" | "probe";

/** Names of the application's own Socket.IO events, by the types of Lastseen's messages. */
export type EventNames = { readonly [T in RequestType | SentType]?: string };

const REQUEST_TYPES: ReadonlySet<string> = new Set(Object.keys(REQUESTS));
const SENT_TYPES: ReadonlySet<string> = new Set([...Object.keys(EVENTS), "pong", "probe"]);
/** Socket.IO's own events, and ours. */
const TAKEN: ReadonlySet<string> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
  FRAME_EVENT,
  CLOSE_EVENT,
]);

/** The option `events`, checked, in the two directions. */
export interface MappedEvents {
  /** The type of the request, by the name of the event that the client emits. */
  readonly requests: ReadonlyMap<string, RequestType>;
  /** The name of the event that the client listens for, by the type of the message. */
  readonly sent: ReadonlyMap<string, string>;
}

/** @throws TypeError that names the entry, what is wrong with it, and how to mend it */
export function mappedEvents(names: EventNames): MappedEvents {
  const requests = new Map<string, RequestType>();
  const sent = new Map<string, string>();
  for (const [type, name] of Object.entries(names)) {
    const fault = faultOf(type, name, requests);
    if (fault !== undefined) throw new TypeError(`lastseenSocketIo: events.${type} ${fault}`);
    if (REQUEST_TYPES.has(type)) requests.set(name, type as RequestType);
    else sent.set(type, name);
  }
  return { requests, sent };
}

function faultOf(type: string, name: unknown, requests: ReadonlyMap<string, RequestType>): string | undefined {
  if (!REQUEST_TYPES.has(type) && !SENT_TYPES.has(type)) {
    return "is no message of Lastseen; docs/protocol.md lists the requests and events.";
  }
  if (typeof name !== "string" || name === "") return "must be the name of one of your Socket.IO events.";
  if (TAKEN.has(name)) return `must not be "${name}": Socket.IO or Lastseen uses this event itself.`;
  const other = REQUEST_TYPES.has(type) ? requests.get(name) : undefined;
  return other && `must have another name than events.${other}: both are "${name}".`;
}
