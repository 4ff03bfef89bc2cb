/**
 * Makes `docs/protocol.md` from the schemas and tables in `src/protocol`, so that the reference cannot say anything else
 * than the code. `npm run docs` writes it; a test fails when it was not run.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import {
  CLOSE_CODES,
  ERRORS,
  EVENTS,
  LIMITS,
  Participant,
  ProducerView,
  REQUESTS,
  RoomSnapshot,
  SUBPROTOCOL,
} from "@lastseen/protocol";

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

One WebSocket at \`GET /ws\`, one JSON object a text frame. The service takes frames of at most ${LIMITS.frameBytes / 1024} KiB; its own can be
larger, such as the roster of a large room with everybody's metadata. The subprotocol \`${SUBPROTOCOL}\` is selected when it is
offered, and need not be. A browser's handshake from an origin that \`CORS_ORIGIN\` does not name is answered 403.

A request is \`{ id, type, data }\`, with an integer or a string of at most 64 characters as its \`id\`; its answer is
\`{ id, ok: true, data }\` or \`{ id, ok: false, error: { code, message, retryable, data? } }\`. A request without \`id\` is not answered
unless it fails, which is told by an \`error\` event. An event is \`{ type, data }\`. Moments (\`…At\`) are epoch milliseconds, durations
(\`…Ms\`) milliseconds. Fields that you do not know are to be ignored; the service does the same.

Ids of rooms and users are 1–${LIMITS.idLength} characters of \`A–Z a–z 0–9 _ . : @ -\` (not \`.\` or \`..\` alone), tab ids 1–${LIMITS.tabIdLength} of them; names have up to
${LIMITS.nameLength} characters, \`metadata\` ${LIMITS.metadataBytes / 1024} KiB.

## A client's life

**Hello** comes first, within 10 s (\`HELLO_TIMEOUT_MS\`); anything else before it is answered \`unauthorized\`. It carries a \`token\` or, where
the service believes everybody (\`AUTH_MODE=none\`), a \`user\`; without either one is a guest there. \`tabId\` is any name of this tab or
device that it keeps. A refused token closes the socket with 4401; other refused hellos may be said again on the same socket.

**Heartbeat.** \`{"type":"ping"}\` every \`heartbeat.intervalMs\`, answered by \`{"type":"pong"}\`, in a room with its version:
\`{"type":"pong","v":17}\`. A ping with an \`id\` is answered as any request beside that. On \`{"type":"probe"}\` a client pings at
once. WebSocket's own pings have to be answered as well, which most libraries do; they say nothing about the page.

**Join** one room; \`leave\` it before another. The roster in the answer has a version. Each of \`user_joined\`, \`user_left\`, \`user_away\`,
\`user_back\` and \`metadata_changed\` raises it by one; what concerns only producers does not. Nobody is told of what he did
himself. Who sees another version than its own asks \`getRoom\`.

**Another tab** of the same user in the same room is taken over, unless the service's \`MULTI_TAB_POLICY\` or \`onDuplicate\`, whichever
is narrower (\`reject\`, \`transfer\`, \`allow\`), says otherwise. Then \`transferred\` is true, the connection owns that tab's session from
here on, under the \`sessionId\`, \`epoch\` and \`resumeToken\` of the answer, and the other tab gets \`session_transferred\` and is closed
with 4409; the room notices nothing. The session that the connection had before ends without a word. Keep what each \`join\` answers.

**A lost line.** Say hello on a new socket with \`resume\`: the session's id and the token that came last (each hello and each transfer
gives out a new one). It may be said at once, even if the service still holds the old socket, which is closed with 4409, and has to come
within the grace: \`heartbeat.resumeGraceMs\` when the line broke, \`RELOAD_GRACE_MS\` when the client closed it. \`resumed\` is then true and \`room\`
the roster. A client that had closed its line itself is taken for a page that was reloaded: before the answer \`media_reset\` tells that
its transports are closed. Too late, or with a token that is not the last, a resume is answered \`session_gone\`: say hello without
\`resume\` on the same socket, and join again. \`redirect\` and \`overloaded\` have in \`error.data\` where to go (\`url\`) and how long to wait
(\`retryAfterMs\`). After \`server_closing\` and 1012 wait \`reconnectAfterMs\` first.

**The end** is \`beforeDisconnect\`, whereupon the service closes with 1000. A page that is just being closed can send \`{ sessionId,
resumeToken }\` as \`text/plain\` to \`POST /api/sessions/leave\` (204): its session waits for a reload, and no longer.

**Limits.** A frame that is not a JSON object is told by \`error\` and closes with 4400, as do ${LIMITS.badRequests} wrong requests in a row. More than
\`MAX_MESSAGES_PER_SECOND\` for longer than a burst is answered \`rate_limited\`, and closed with 4429 if it goes on.

An answer can be lost with its line after the request was carried out. Of a resume the token before the present one still counts, as
long as the new connection has ended without a message from the client. \`consume\` may simply be repeated: until it is resumed the same
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
