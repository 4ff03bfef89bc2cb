/**
 * Makes `docs/protocol.md` from the schemas and tables in `src/protocol`, so that the reference cannot say anything else
 * than the code. `npm run docs` writes it; a test fails when it was not run.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import { CLOSE_CODES } from "../src/protocol/close-codes.js";
import { ERRORS } from "../src/protocol/errors.js";
import { LIMITS, SUBPROTOCOL } from "../src/protocol/limits.js";
import { EVENTS, REQUESTS } from "../src/protocol/messages/index.js";
import { Participant, ProducerView, RoomSnapshot } from "../src/protocol/messages/shared.js";

export const TARGET = fileURLToPath(new URL("../docs/protocol.md", import.meta.url));

/** The part of JSON schema that the messages use. */
interface Shape {
  type?: string | undefined;
  const?: unknown;
  enum?: unknown[] | undefined;
  anyOf?: Shape[] | undefined;
  items?: Shape | undefined;
  properties?: Record<string, Shape> | undefined;
  required?: string[] | undefined;
}

/** Shapes that occur in several messages, told once. */
const NAMED = new Map<Shape, string>([
  [RoomSnapshot, "RoomSnapshot"],
  [Participant, "Participant"],
  [ProducerView, "Producer"],
]);

const INTRODUCTION = `# Wire protocol

<!-- Written by \`npm run docs\` from src/protocol; do not edit. -->

One WebSocket at \`GET /ws\`, one JSON object a text frame, at most ${LIMITS.frameBytes / 1024} KiB. The subprotocol
\`${SUBPROTOCOL}\` is selected when it is offered. A request is \`{ id, type, data }\`; its answer is
\`{ id, ok: true, data }\` or \`{ id, ok: false, error: { code, message, retryable } }\`. A request without \`id\` is not answered
unless it fails, which is told by an \`error\` event. An event is \`{ type, data }\`. Moments (\`…At\`) are epoch milliseconds, durations
(\`…Ms\`) milliseconds. Fields that you do not know are to be ignored; the service does the same.

The heartbeat is \`{"type":"ping"}\`, answered by \`{"type":"pong"}\`, in a room with its version: \`{"type":"pong","v":17}\`. Who sees another
version than its own asks \`getRoom\`. On \`{"type":"probe"}\` a client pings at once.

An answer can be lost with its line after the request was carried out. \`consume\` may simply be repeated: until it is resumed the same
consumer is answered. After a lost \`produce\` the participant's own \`producers\` in \`getRoom\` tell what is there; what is not known is to
be closed with \`closeProducer\`. A transport that was never told to connect gives way to later ones.
`;

export async function protocolReference(): Promise<string> {
  const text = [
    INTRODUCTION,
    "## Requests",
    table(
      ["request", "data", "answer"],
      Object.entries(REQUESTS).map(([type, { data, reply }]) => [code(type), fields(data), fields(reply)]),
    ),
    "## Events",
    table(
      ["event", "data"],
      Object.entries(EVENTS).map(([type, data]) => [code(type), fields(data)]),
    ),
    "## Shapes",
    table(
      ["shape", "fields"],
      [...NAMED].map(([shape, name]) => [code(name), fields(shape)]),
    ),
    "## Errors",
    table(
      ["code", "HTTP status", "may succeed later"],
      Object.entries(ERRORS).map(([name, { httpStatus, retryable }]) => [
        code(name),
        String(httpStatus),
        retryable ? "yes" : "no",
      ]),
    ),
    "## Close codes",
    table(
      ["code", "name", "the client comes back"],
      Object.entries(CLOSE_CODES).map(([name, { code: number, reconnect }]) => [
        String(number),
        name,
        { resume: "and resumes", fresh: "as a new session", never: "not by itself" }[reconnect],
      ]),
    ),
  ].join("\n\n");
  return format(text, { ...(await resolveConfig(TARGET)), parser: "markdown" });
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function fields(schema: Shape): string {
  const { properties = {}, required = [] } = schema;
  const names = Object.entries(properties).map(([name, field]) => {
    const optional = required.includes(name) ? "" : "?";
    return code(`${name}${optional}: ${describe(field)}`);
  });
  return names.length === 0 ? "–" : names.join("<br>");
}

function describe(schema: Shape): string {
  const known = NAMED.get(schema);
  if (known !== undefined) return known;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.anyOf) return schema.anyOf.map(describe).join(" or ");
  if (schema.type === "array") return `[${schema.items ? describe(schema.items) : ""}]`;
  if (schema.properties) {
    const { required = [] } = schema;
    const inside = Object.entries(schema.properties).map(
      ([name, field]) => `${name}${required.includes(name) ? "" : "?"}: ${describe(field)}`,
    );
    return `{ ${inside.join(", ")} }`;
  }
  return schema.type ?? "anything";
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(TARGET, await protocolReference());
}
