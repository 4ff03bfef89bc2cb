/**
 * What an agent and the service tell each other. An agent runs in a process that has mediasoup, and opens one WebSocket to
 * `GET /agents`. Each text frame is one JSON object with a `type`; both sides ignore fields that they do not know.
 *
 *     agent -> hello, then status, sessions (all), complete; later status and sessions when they change -> service
 *     agent <- welcome, then known for the sessions that the service has, close for those that end         <- service
 *     agent -> closed: what the worker still holds                                                         -> service
 */
import Type, { type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { findBrokenText, mayBreak } from "./broken-text.js";
import { DurationMs, GivenId, Shape } from "./messages/shared.js";
import { isNestedTooDeeply } from "./nesting.js";

/** Bounds of the talk between an agent and the service. Sizes in bytes of UTF-8 text, durations in milliseconds. */
export const AGENT_LIMITS = {
  /** The largest frame of either side. */
  frameBytes: 64 * 1024,
  /** How long a new socket may stay without a hello. */
  helloMs: 5_000,
  /** How often the service pings an agent. */
  pingMs: 3_000,
  /** An agent that has not answered for so long is away. An agent that has heard no ping for so long connects again. */
  silentMs: 9_000,
  /** Sessions that one agent reports. It counts further ones and reports that. */
  sessions: 20_000,
  /** Transports of one session that a report names. */
  transports: 64,
} as const;

/** The path of the WebSocket, below the address of the service. */
export const AGENT_PATH = "/agents";

const Count = Type.Integer({ minimum: 0 });
const Ids = Type.Array(GivenId, { maxItems: AGENT_LIMITS.transports });
const ShortText = Type.String({ minLength: 1, maxLength: 200 });
const Sentence = Type.String({ maxLength: 1_000 });

/** How many media objects there are. */
const ObjectCounts = { transports: Count, producers: Count, consumers: Count };

/** A session's media in the process of one agent, as it is now. A later report replaces an earlier one. */
export const SessionReport = Shape({
  sessionId: GivenId,
  /** Open transports. Without any, the process has nothing of this session any more. */
  transportIds: Ids,
  ...ObjectCounts,
  /** What ICE and DTLS say. `none`: no transport was connected yet. `lost`: at least one was, and none is now. */
  connectivity: Type.Enum(["none", "connected", "lost"]),
  /** Which of the two reported the loss. */
  lostBy: Type.Optional(Type.Enum(["ice", "dtls"])),
  /** Nothing has come for a while from a client that sends media. Only of watched sessions. */
  isSilent: Type.Boolean(),
  /** A service has said that it has this session. */
  wasKnown: Type.Boolean(),
});
export type SessionReport = Static<typeof SessionReport>;

/** What an agent sees as a whole. */
export const AgentStatus = Shape({
  workers: Count,
  routers: Count,
  ...ObjectCounts,
  /** Transports that name no session. They are counted, and never closed. */
  unowned: Count,
  /** Sessions beyond the limit. Nobody can close their media. */
  unreported: Count,
  /** Why the agent may not see all media of its process: a sentence for operators. Left out: it sees all. */
  unseenWhy: Type.Optional(Sentence),
});
export type AgentStatus = Static<typeof AgentStatus>;

/** Answer to an order to close. `checked`: what the worker still holds. `unseen`: the agent does not see that worker. */
export const CloseOutcome = Type.Union([
  Shape({ kind: Type.Literal("checked"), transports: Ids, producers: Ids, consumers: Ids }),
  Shape({ kind: Type.Literal("unseen") }),
  Shape({ kind: Type.Literal("failed"), why: Sentence }),
]);
export type CloseOutcome = Static<typeof CloseOutcome>;

/** What an agent sends. */
export const AGENT_MESSAGES = {
  hello: Shape({
    type: Type.Literal("hello"),
    /** Made up by the process at its start. So two processes never have the same id, even when they have the same name. */
    agentId: GivenId,
    /** What operators call it. */
    name: ShortText,
    /** Counts the connections of this process: of two connections, the one with the higher number is the newer one. */
    link: Type.Integer({ minimum: 1 }),
    host: ShortText,
    pid: Count,
    version: ShortText,
  }),
  status: Shape({ type: Type.Literal("status"), status: AgentStatus }),
  sessions: Shape({ type: Type.Literal("sessions"), sessions: Type.Array(SessionReport, { maxItems: 1_000 }) }),
  /** Everything was reported since the hello. What the service knows beyond that has gone. */
  complete: Shape({ type: Type.Literal("complete") }),
  closed: Shape({ type: Type.Literal("closed"), orderId: GivenId, outcome: CloseOutcome }),
  /** The agent stops on purpose. The process may go on. */
  bye: Shape({ type: Type.Literal("bye") }),
} as const;

export type AgentMessage = {
  [T in keyof typeof AGENT_MESSAGES]: Static<(typeof AGENT_MESSAGES)[T]>;
}[keyof typeof AGENT_MESSAGES];
export type AgentHello = Extract<AgentMessage, { type: "hello" }>;

/** A session that the service has. `isWatched`: others would see that it is away, so the agent looks for silent media. */
export const KnownSession = Shape({ sessionId: GivenId, isWatched: Type.Boolean() });
export type KnownSession = Static<typeof KnownSession>;

/** Closes media and asks for a check. */
export const CloseOrder = Shape({
  orderId: GivenId,
  sessionId: GivenId,
  /** The transports to close. Left out: the session has ended; all, and those that are made later. */
  transportIds: Type.Optional(Ids),
});
export type CloseOrder = Static<typeof CloseOrder>;

/** What the service sends to an agent. */
export const AGENT_ORDERS = {
  welcome: Shape({ type: Type.Literal("welcome"), nodeId: ShortText, version: ShortText }),
  known: Shape({
    type: Type.Literal("known"),
    /** How long nothing has to come, so that a client that sends counts as silent. */
    silenceMs: DurationMs,
    sessions: Type.Array(KnownSession, { maxItems: 1_000 }),
  }),
  close: Shape({ type: Type.Literal("close"), ...CloseOrder.properties }),
} as const;

export type AgentOrder = {
  [T in keyof typeof AGENT_ORDERS]: Static<(typeof AGENT_ORDERS)[T]>;
}[keyof typeof AGENT_ORDERS];

/** Reads a frame of an agent. @returns undefined when it is none. Never throws */
export const readAgentMessage = readerOf<AgentMessage>(Type.Union(Object.values(AGENT_MESSAGES)));

/** Reads a frame of the service. @returns undefined when it is none that this version knows. Never throws */
export const readAgentOrder = readerOf<AgentOrder>(Type.Union(Object.values(AGENT_ORDERS)));

/**
 * Splits a list so that each part, as JSON, fits into one frame beside its envelope.
 *
 * @param most items of one part
 */
export function inFrames<T>(items: readonly T[], most = 1_000): T[][] {
  const room = AGENT_LIMITS.frameBytes - 1_024;
  const frames: T[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    // A character has at most three bytes for each of its UTF-16 units.
    const size = JSON.stringify(item).length * 3 + 1;
    let frame = frames.at(-1);
    if (!frame || frame.length >= most || bytes + size > room) {
      frames.push((frame = []));
      bytes = 0;
    }
    frame.push(item);
    bytes += size;
  }
  return frames;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the compiler cannot compute the type of a union of all messages in time
function readerOf<Message>(schema: TSchema): (text: string) => Message | undefined {
  const validator = Compile(schema);
  const fits = (value: unknown): value is Message => validator.Check(value);
  return (text) => {
    if (isNestedTooDeeply(text)) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined;
    }
    if (!fits(value)) return undefined;
    return mayBreak(text) && findBrokenText(value, "frame") !== undefined ? undefined : value;
  };
}
