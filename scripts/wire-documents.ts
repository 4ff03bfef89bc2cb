/**
 * Makes `packages/protocol/asyncapi.yaml` and `schemas.json` from the schemas of the messages: what goes over the WebSockets of
 * clients and agents, and what is posted to a backend. `npm run docs` writes them; a test fails when it was not run.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import Type from "typebox";
import { stringify } from "yaml";
import {
  BackendBatch,
  BackendEvent,
  BackendMessage,
  CallSnapshot,
  CLOSE_CODES,
  COMMON_REFUSALS,
  ERRORS,
  EVENTS,
  LIMITS,
  ListedParticipant,
  Participant,
  ProducerView,
  REFUSALS,
  REQUESTS,
  RoomSnapshot,
  SUBPROTOCOL,
  type RequestType,
} from "@lastseen/protocol";
import { AGENT_MESSAGES, AGENT_ORDERS, AGENT_PATH, AgentStatus, SessionReport } from "@lastseen/protocol/agent";
import { API_SCHEMAS } from "@lastseen/protocol/http";
import { plain, SchemaNames } from "../src/http/schema-names.js";

const FOLDER = new URL("../packages/protocol/", import.meta.url);
export const ASYNCAPI = fileURLToPath(new URL("asyncapi.yaml", FOLDER));
export const SCHEMAS = fileURLToPath(new URL("schemas.json", FOLDER));
const { version } = JSON.parse(readFileSync(new URL("package.json", FOLDER), "utf8")) as { version: string };

/** Schemas that several messages have. */
const NAMED = {
  CallSnapshot,
  Event: BackendEvent,
  ListedParticipant,
  Participant,
  Producer: ProducerView,
  RoomSnapshot,
  AgentStatus,
  SessionReport,
};

/** A request's id, which its answer repeats. */
const RequestId = Type.Unsafe<string | number>({
  type: ["integer", "string"],
  maxLength: 64,
  description: "Chosen by the client, and repeated by the answer",
});
const Refused = Type.Object({
  code: Type.Enum(Object.keys(ERRORS)),
  message: Type.String({ description: "What is wrong, for the person who reads it" }),
  retryable: Type.Boolean({ description: "Whether the same request may succeed later without a change" }),
  data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

const requestTypes = Object.keys(REQUESTS) as RequestType[];
const events = Object.entries(EVENTS);

/** The whole frame of a request. Its data may be left out where no field of it is needed. */
function requestFrame(type: RequestType): object {
  const { data } = REQUESTS[type];
  const { required = [] } = data as { required?: readonly string[] };
  const part = required.length === 0 ? Type.Optional(data) : data;
  return Type.Object({ id: Type.Optional(RequestId), type: Type.Literal(type), data: part });
}

function replyFrame(type: RequestType): object {
  return Type.Object({ id: RequestId, ok: Type.Literal(true), data: REQUESTS[type].reply });
}

const RefusalFrame = Type.Object({ id: RequestId, ok: Type.Literal(false), error: Refused });
const PongFrame = Type.Object({
  type: Type.Literal("pong"),
  v: Type.Optional(Type.Integer({ description: "The version of the room's list of participants" })),
  nextMs: Type.Optional(
    Type.Integer({ description: "When the next sign of life should come, counted from the ping, milliseconds" }),
  ),
  aliveIntervalMs: Type.Optional(Type.Integer({ description: "Instead of the one that the answer to hello had" })),
});
const ProbeFrame = Type.Object({ type: Type.Literal("probe") });

interface Message {
  readonly summary: string;
  readonly payload: object;
  readonly correlates?: boolean;
}

/** Every frame of the clients' WebSocket, by the name of its message. */
function clientMessages(): Record<string, Message> {
  const requests = requestTypes.map((type) => [
    type,
    { summary: `Request; may be refused with ${refusalsOf(type)}`, payload: requestFrame(type), correlates: true },
  ]);
  const replies = requestTypes.map((type) => [
    `${type}Reply`,
    { summary: `The answer to ${type}`, payload: replyFrame(type), correlates: true },
  ]);
  const told = events.map(([type, data]) => [
    type,
    { summary: "Event", payload: Type.Object({ type: Type.Literal(type), data }) },
  ]);
  const frames = {
    refusal: { summary: "The answer to a request that is refused", payload: RefusalFrame, correlates: true },
    pong: { summary: "The answer to a ping", payload: PongFrame },
    probe: { summary: "Asks for a ping at once", payload: ProbeFrame },
  };
  return { ...(Object.fromEntries([...requests, ...replies, ...told]) as Record<string, Message>), ...frames };
}

function refusalsOf(type: RequestType): string {
  return [...REFUSALS[type], ...COMMON_REFUSALS].join(", ");
}

function agentMessages(): Record<string, Message> {
  const from = Object.entries(AGENT_MESSAGES).map(([type, payload]) => [type, { summary: "From the agent", payload }]);
  const to = Object.entries(AGENT_ORDERS).map(([type, payload]) => [type, { summary: "From the service", payload }]);
  return Object.fromEntries([...from, ...to]) as Record<string, Message>;
}

function webhookMessages(): Record<string, Message> {
  return {
    event: { summary: "One event", payload: BackendMessage },
    batch: { summary: "Several events, for a backend that wants them so", payload: BackendBatch },
  };
}

const refTo = (channel: string, message?: string) => ({
  $ref: message === undefined ? `#/channels/${channel}` : `#/channels/${channel}/messages/${message}`,
});

function operations(): object {
  const asks = requestTypes.map((type) => [
    type,
    {
      action: "receive",
      channel: refTo("client"),
      summary: `A client asks for ${type}`,
      messages: [refTo("client", type)],
      reply: {
        channel: refTo("client"),
        messages: [`${type}Reply`, "refusal", ...(type === "ping" ? ["pong"] : [])].map((name) =>
          refTo("client", name),
        ),
      },
    },
  ]);
  const tells = [...events.map(([type]) => type), "probe"].map((type) => [
    `tell_${type}`,
    {
      action: "send",
      channel: refTo("client"),
      summary: `The service tells ${type}`,
      messages: [refTo("client", type)],
    },
  ]);
  const agents = {
    hearAgent: {
      action: "receive",
      channel: refTo("agent"),
      summary: "A process with mediasoup reports its media",
      messages: Object.keys(AGENT_MESSAGES).map((name) => refTo("agent", name)),
    },
    orderAgent: {
      action: "send",
      channel: refTo("agent"),
      summary: "The service says what to watch and what to close",
      messages: Object.keys(AGENT_ORDERS).map((name) => refTo("agent", name)),
    },
    postEvents: {
      action: "send",
      channel: refTo("webhook"),
      summary: "The service posts events to WEBHOOK_URL, signed as Standard Webhooks says",
      messages: Object.keys(webhookMessages()).map((name) => refTo("webhook", name)),
    },
  };
  return { ...Object.fromEntries([...asks, ...tells]), ...agents };
}

function messagesOf(messages: Record<string, Message>, names: SchemaNames): object {
  const written = Object.entries(messages).map(([name, { summary, payload, correlates }]) => [
    name,
    {
      name,
      summary,
      contentType: "application/json",
      ...(correlates ? { correlationId: { $ref: "#/components/correlationIds/requestId" } } : {}),
      payload: names.referring(plain(payload)),
    },
  ]);
  return Object.fromEntries(written) as object;
}

export async function asyncApiDocument(): Promise<string> {
  const names = new SchemaNames(NAMED, "#/components/schemas/");
  const client = messagesOf(clientMessages(), names);
  const agent = messagesOf(agentMessages(), names);
  const webhook = messagesOf(webhookMessages(), names);
  const codes = Object.values(CLOSE_CODES).map(({ code, reconnect }) => `${code} (${reconnect})`);
  const document = {
    asyncapi: "3.0.0",
    info: {
      title: "Lastseen",
      version,
      description:
        "What goes over the WebSockets of Lastseen, and what it posts to a backend. Times are epoch milliseconds (`…At`), " +
        "durations milliseconds (`…Ms`). Readers ignore fields that they do not know: later versions may add some.",
      license: { name: "MIT" },
      tags: [{ name: "presence" }, { name: "calls" }, { name: "media" }],
    },
    defaultContentType: "application/json",
    servers: {
      service: {
        host: "{host}",
        protocol: "wss",
        description: "The service",
        variables: { host: { default: "localhost:3001", description: "Where the service can be reached" } },
      },
    },
    channels: {
      client: {
        address: "/ws",
        title: "A client's WebSocket",
        description:
          `Text frames of at most ${LIMITS.frameBytes} bytes. The subprotocol is ${SUBPROTOCOL}, if the client offers one. ` +
          `The first request is hello. Close codes, each with what the client does then: ${codes.join(", ")}.`,
        servers: [{ $ref: "#/servers/service" }],
        messages: client,
        bindings: { ws: { method: "GET", bindingVersion: "0.1.0" } },
      },
      agent: {
        address: AGENT_PATH,
        title: "The WebSocket of a process with mediasoup",
        description: "With `Authorization: Bearer <AGENT_TOKEN>`. The first message is hello.",
        servers: [{ $ref: "#/servers/service" }],
        messages: agent,
        bindings: { ws: { method: "GET", bindingVersion: "0.1.0" } },
      },
      webhook: { address: null, title: "Requests to WEBHOOK_URL", messages: webhook },
    },
    operations: operations(),
    components: {
      correlationIds: { requestId: { location: "$message.payload#/id" } },
      schemas: names.definitions(),
    },
  };
  const text = stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
  const head = "# Written by `npm run docs` from packages/protocol; do not edit.\n";
  return format(head + text, { ...(await resolveConfig(ASYNCAPI)), parser: "yaml" });
}

/** One JSON Schema document. Each message is a definition in it: `#/$defs/join`. */
export async function schemasDocument(): Promise<string> {
  const named = { ...API_SCHEMAS, ...NAMED };
  // A participant of the API has more fields than one of the WebSocket.
  const names = new SchemaNames({ ...named, RoomParticipant: API_SCHEMAS.Participant }, "#/$defs/");
  const frames = { ...clientMessages(), ...prefixed("agent", agentMessages()) };
  const messages = Object.entries(frames).map(([name, { payload }]) => [name, names.referring(plain(payload))]);
  const api = Object.values(API_SCHEMAS).map((schema) => names.referring(plain(schema)));
  if (api.some((schema) => !("$ref" in Object(schema)))) throw new Error("a schema of the API has no name");
  const document = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:lastseen:schemas",
    title: "Messages and answers of Lastseen",
    $defs: { ...names.definitions(), ...Object.fromEntries(messages) },
  };
  return format(JSON.stringify(document), { ...(await resolveConfig(SCHEMAS)), parser: "json" });
}

function prefixed(prefix: string, messages: Record<string, Message>): Record<string, Message> {
  const entries = Object.entries(messages);
  return Object.fromEntries(entries.map(([name, message]) => [`${prefix}-${name}`, message]));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(ASYNCAPI, await asyncApiDocument());
  writeFileSync(SCHEMAS, await schemasDocument());
}
