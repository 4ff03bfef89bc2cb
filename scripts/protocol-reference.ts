/**
 * Makes `docs/protocol.md` from the schemas and tables in `packages/protocol`, so that the reference cannot say anything else
 * than the code. `npm run docs` writes it; a test fails when it was not run.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import {
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
import {
  AGENT_LIMITS,
  AGENT_MESSAGES,
  AGENT_ORDERS,
  AGENT_PATH,
  AgentStatus,
  CloseOutcome,
  KnownSession,
  SessionReport,
} from "@lastseen/protocol/agent";

export const TARGET = fileURLToPath(new URL("../docs/protocol.md", import.meta.url));

/** The part of JSON schema that the messages use. */
interface Shape {
  type?: string | readonly string[] | undefined;
  const?: unknown;
  maxLength?: number | undefined;
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
  [ListedParticipant, "ListedParticipant"],
  [ProducerView, "Producer"],
  [SessionReport, "SessionReport"],
  [AgentStatus, "AgentStatus"],
  [CloseOutcome, "CloseOutcome"],
  [KnownSession, "KnownSession"],
]);
/** Shapes that only agents use. */
const OF_AGENTS: readonly Shape[] = [SessionReport, AgentStatus, CloseOutcome, KnownSession];

const INTRODUCTION = `# Wire protocol

<!-- Written by \`npm run docs\` from packages/protocol; do not edit. -->

A client opens one WebSocket at \`GET /ws\`. Each text frame holds one JSON object. The service accepts frames of at most
${LIMITS.frameBytes / 1024} KiB. Its own frames can be larger, for example the roster of a large room with everybody's metadata. The service
selects the subprotocol \`${SUBPROTOCOL}\` when the client offers it; a client need not offer it. The service answers 403 to a browser whose
origin is not in \`CORS_ORIGIN\`.

A **request** is \`{ id, type, data }\`. Its \`id\` is an integer or a string of at most 64 characters. The answer is
\`{ id, ok: true, data }\` or \`{ id, ok: false, error: { code, message, retryable, data? } }\`. The service does not answer a request
without an \`id\`; if such a request fails, the service sends an \`error\` event. An **event** is \`{ type, data }\`. Times (\`…At\`) are epoch
milliseconds, and durations (\`…Ms\`) are milliseconds. Ignore fields that you do not know; the service does the same.

**Text.** A character is a Unicode code point. Room ids and user ids have 1–${LIMITS.idLength} characters and tab ids 1–${LIMITS.tabIdLength}: well-formed Unicode
with at least one visible character, no control characters, no line separators, no characters that change the direction of text, and no
white space at either end. \`auth0|5f7c\`, \`ada+x@example.com\`, \`Team standup\` and \`会议室\` are ids. \`.\` and \`..\` are not, because the path of a
URL cannot carry them. The service compares ids exactly as they are given. Percent-encode an id in a URL (\`encodeURIComponent\`).

The service never refuses a name. It takes control characters, characters that change the direction of text and needless invisible
characters out, puts U+FFFD in place of half of a character, and cuts the name after ${LIMITS.nameLength} characters, between two characters as people see
them. When nothing visible is left, or the name is \`null\` or missing, the user's id stands in. The newest name counts: when a resume, a transfer or another tab
of the user brings another name, the others in the room get \`name_changed\` for each session of the user there.

The service refuses other text that has half of a character (a lone surrogate, as an escape in JSON) with \`bad_message\`; the message names the field.
\`metadata\` has at most ${LIMITS.metadataBytes / 1024} KiB as JSON text.

## A client's life

**Hello.** The client sends \`hello\` first, within 10 s (\`HELLO_TIMEOUT_MS\`). The service answers anything else before it with
\`unauthorized\`. The hello carries a \`token\`. Where the service trusts everybody (\`AUTH_MODE=none\`) it carries a \`user\` instead; without
either, the client is a guest. \`tabId\` is a name that this tab or device chooses and keeps. A refused token closes the socket with 4401.
After any other refusal the client may send another hello on the same socket.

**Heartbeat.** The client sends \`{"type":"ping"}\` every \`heartbeat.intervalMs\`. The service answers \`{"type":"pong"}\`, and in a room
\`{"type":"pong","v":17}\` with the version of the roster. A ping with an \`id\` also gets the answer that every request gets. When
\`{"type":"probe"}\` arrives, the client sends a ping at once. The client must also answer WebSocket's own ping frames. Most libraries do
this; these frames say nothing about the page.

While others are in its room, or a call rings or goes on, a client is _watched_. Then it pings every \`heartbeat.watchedIntervalMs\`, if the
answer to \`hello\` has that. The service pings its socket when nothing has come from it for 4 s, and again 3 s later
(\`WATCHED_PING_INTERVAL_MS\`). When neither ping was answered, the others see the client as away, at most 9 s after its last sign of life. A
client whose own ping got no answer within 8 s should open a new connection: the service waits only 20 s (\`RESUME_GRACE_MS\`) from then on.

To save the service its pings, a watched client may send \`{"type":"alive"}\`, a sign of life without an answer. Do so only where the answer to
\`hello\` has \`heartbeat.aliveIntervalMs\`: an older service refuses \`alive\` with an error. The client then gives a sign of life every
\`heartbeat.aliveIntervalMs\`. Every second one is a ping, so that the client learns that its connection works. When its \`hello\` had
\`paced: true\`, a pong may have two more fields. \`nextMs\`: the next sign of life should come so many milliseconds after the ping that this pong
answers, because it costs the service less to read many clients together. \`aliveIntervalMs\` replaces the one in the answer to \`hello\`, because
the number of watched sessions has changed. A client that sends no \`alive\` is pinged instead.

\`visibility\` of a ping tells what the page is: after \`frozen\` the others see it as away after 1 s, until its next message; \`hidden\` and
\`visible\` change nothing and are shown to operators.

**Join.** A client is in at most one room. It sends \`leave\` before it joins another one. The roster in the answer has a version. Each
\`user_joined\`, \`user_left\`, \`user_away\`, \`user_back\`, \`name_changed\` and \`metadata_changed\` raises the version by one. Events that concern only
producers do not. The service does not tell a client what the client itself did, except in large rooms. A client that sees another version than its own sends
\`getRoom\`.

**Large rooms.** In a room of more than 100 people (\`LARGE_ROOM\`, the audience included) the service does not send these six events. It sends
\`roster_changed\` instead, at most every 100 ms, and at most every second in a room of 2,000. One \`roster_changed\` raises the version by one. It
says how things are now, so it may repeat what a snapshot has said. Apply \`left\` first, then \`joined\`: put each of these participants into the
list, in the place of what you knew of the same \`sessionId\`. Ignore sessions in \`away\`, \`back\` and \`changed\` that are not in your list. The
snapshots of \`join\`, \`getRoom\` and \`hello\` then have the first 50 participants and \`next\`. Ask \`getParticipants\` with \`after: next\` until an
answer has no \`next\`, and add each page to the list. Apply the events that come in between to the list as it is: all together are right. When
\`v\` of a pong is not your version, or an event skips a version, begin again with \`getRoom\`. A client that does not know \`roster_changed\`
sees another version with the next pong and gets the first participants from \`getRoom\`.

**Audience.** A session with the role \`audience\` gets all events, may consume media, and is counted in \`count\` and \`audience\` of the snapshot
and of \`roster_changed\`. It is in no list, no event names it, and it sends no media. A session has this role when the token's claim \`roomRole\`
or \`role\` of \`join\` says \`audience\`. The claim counts more, but who may be a participant can ask to be audience. Without both, a
session is audience when the room lists 150 participants already (\`MAX_LISTED\`). The service lists such a session later, when the session
produces media or when participants have left: its own \`sessionId\` is then in \`joined\`. \`room.role\` of the answers says what the session is.

**Another tab.** When the same user joins the same room from another tab, the new tab takes the session over. \`MULTI_TAB_POLICY\` of the
service or \`onDuplicate\` of the request can change this; the narrower one counts (\`reject\`, then \`transfer\`, then \`allow\`). After a
takeover \`transferred\` is true. From then on the connection owns the session of the other tab, with the \`sessionId\`, \`epoch\` and
\`resumeToken\` of the answer. The other tab gets \`session_transferred\` and is closed with 4409. The others in the room notice nothing.
The session that the new connection had before ends silently. Keep what each \`join\` answers.

So that the others have no gap, name in \`sources\` what this client sends next, by its \`source\`. The other tab's producers of these sources that
are not paused then go on, and everything else of that tab is closed at once. The new producer of a source comes beside the old one, so for
a moment the participant has two of the same source and kind. Whoever receives them consumes the new one, shows it in the place of the old
one when something has come, and closes the old consumer. The service closes the old producers and tells the other tab when the new ones carry
media and nobody receives the old ones any more, 2 s after the first packet at the latest, and 5 s after the join in any case. A new producer
that is paused or closed ends the old one at once. Until the other tab is told, it does not own the session: its requests get \`fenced\`, and
its pings are answered. A request that it sent before may get no answer.

When the new connection ends before the other tab is told, that tab gets the session back. It is told \`server_closing\` with \`reconnectAfterMs\` 0
and closed with 1012, and it resumes with the token that it has. It keeps its media, unless something of it was closed; then \`media_reset\` comes
first. The token of the new tab is worth nothing then: its resume gets \`session_gone\`, so it says hello without \`resume\` and joins again.
When the other tab's own connection ends first, the new tab keeps the session. An other tab that is away is told at once, whatever \`sources\` names.

**A lost connection.** Open a new socket and send a hello with \`resume\`: the session's id and the newest token. Each hello and each
transfer gives a new token. A client may do this at once, even while the service still holds the old socket; the service then closes the
old one with 4409. The client must come back within the grace: \`heartbeat.resumeGraceMs\` when the connection broke, \`RELOAD_GRACE_MS\`
when the client closed it or its process was killed. To give up a socket but not the session, close it with a code from 4000 on. Then
\`resumed\` is true and \`room\` is the roster. When the client itself had closed the connection, the service believes that the page was
reloaded: it closes the transports and sends \`media_reset\` before the answer. A resume that comes too late, or with an old token, gets
\`session_gone\`. Then send a hello without \`resume\` on the same socket, and join again. \`error.data\` of \`redirect\` has the \`url\`
to go to, and of \`overloaded\` the \`retryAfterMs\` to wait. After \`server_closing\` and 1012, wait \`reconnectAfterMs\` first. Its
\`url\` names the node that goes on with the session, in the form of \`redirect\`: add \`/ws\`, and go back to your own address when you don't get there.
While the node of the session is dead and no other has taken it over, the answer takes up to 9 s. So wait 10 s for it.

**Calls.** \`startCall\` makes all connected devices of a user ring (\`incoming_call\`). The device that answers (\`acceptCall\`) and the caller then
join \`roomId\`, which nobody else may enter. A device that gets \`call_cancelled\` stops to ring. Neither side leaves the room when the call is
over: the service takes both out of it. After a hello, \`call\` of the answer says which call rings or goes on; a call
that your client knows and that is not there is over. \`call_moved\` comes after a \`join\` that has taken over the session of another tab, if that
session is in a call: show this call from now on. It replaces a call of the session that the connection had before. With
\`ringOffline\` a call rings also while the user is not connected, if your backend can wake a device ([calls.md](calls.md)).

**The token.** With \`AUTH_MODE=jwt\` the claims say who the client is: \`sub\` is the user's id and \`exp\` the second at which the token
runs out; both are required. \`name\` is what others see. \`rooms\` lists the only rooms that the user may join. \`calls\` says whether
the user may call others and watch their statuses. \`roomRole\` is \`participant\` or \`audience\`. \`iss\` and \`aud\` count when the
service has \`JWT_ISSUER\` and \`JWT_AUDIENCE\`. When a token has run out, the next message gets \`unauthorized\` and the socket is closed
with 4401; open a new one and resume with a new token. A session can be resumed only with a token of the same user.

**Clients that are no browser** send no \`Origin\`, or one that \`CORS_ORIGIN\` names. The service lets in a client without an Origin, because only
browsers can be made to connect by a foreign page. Use a \`tabId\` that stays the same for one installation. Wait for \`pong\` for 8 s at most;
then the line is dead, and a new connection with \`resume\` is the way on.

**The end.** The client sends \`beforeDisconnect\`, and the service closes the socket with 1000. A page that is closing can send
\`{ sessionId, resumeToken }\` as \`text/plain\` to \`POST /api/sessions/leave\` (204). The session then waits only as long as a reload takes.
A page that loads slowly after a reload can send the same to \`POST /api/sessions/hold\` (204) as its first act. The session then waits for it
for \`heartbeat.resumeGraceMs\`.

**Limits.** The service answers a frame that is not a JSON object with \`error\` and closes the socket with 4400. WebSocket itself
closes with 1002 after a frame that breaks its rules, and with 1007 after text that is not UTF-8. The service also closes the socket
after ${LIMITS.badRequests} wrong requests in a row. A client that sends more than \`MAX_MESSAGES_PER_SECOND\` for longer than a burst gets
\`rate_limited\`, and is closed with 4429 if it continues. A frame of more than 8 KiB counts as several messages, one for each 8 KiB. WebSocket
pings of the client count as messages, and so do pongs that answer no ping. The service does not read a frame that it refuses for this reason. If
such a frame has more than 1 KiB, the answer has its \`id\` only if \`id\` stands at its beginning or at its end. Otherwise an \`error\` event
comes. Before hello a frame may have ${LIMITS.helloBytes / 1024} KiB. Data may be nested ${LIMITS.nesting} levels deep, the frame included. A message may come in 64
WebSocket fragments.

The answers to one session, and what its joins and producers make the service send to others, may be 1 MB a second on average and 4 MB at
once. After that the service answers \`rate_limited\`, but a client may always leave, end a call, and pause or close its media. When metadata
changes faster than five times a second (ten times at once), the others get the last state. \`participants\` of \`user_left\` is left out in rooms
of more than 50 participants; \`count\` is always there.

**Lost answers.** A connection can break after the service carried a request out and before the answer arrived.

- After a resume, the previous token still counts as long as the new connection ended before the client sent a message on it.
- \`consume\` may be repeated. The service answers with the same consumer until the client resumes it.
- \`produce\` may be repeated with the same \`mid\` in the same transport. The service answers with the producer that it has made. A client that does
  not repeat it finds its own \`producers\` in \`getRoom\`, and closes with \`closeProducer\` what it does not know.
- The service closes a transport that the client never connected when the client creates later ones.
`;

const AGENTS = `An agent runs in a process that has mediasoup ([agent.md](agent.md)). It opens one WebSocket at \`GET ${AGENT_PATH}\` with the header
\`Authorization: Bearer <AGENT_TOKEN>\`. Each text frame of either side is one JSON object of at most ${AGENT_LIMITS.frameBytes / 1024} KiB: its \`type\`, and beside it the
fields of the tables below. There is no \`id\`, and nothing is answered but \`close\`. The schemas are in \`@lastseen/protocol/agent\`.

1. The agent sends \`hello\` within ${AGENT_LIMITS.helloMs / 1_000} s, and the service answers \`welcome\`. \`agentId\` is made up by the process at its start. \`link\` grows with each
   connection of the process.
2. The agent sends \`status\`, the \`sessions\` that its transports name, and \`complete\`. Whatever the service knew beyond that has gone.
3. Later it sends \`status\` and \`sessions\` when they change. A report replaces the one before of the same session; one without transports says
   that the process has nothing of the session any more. After a lost connection the agent begins again with \`hello\`.
4. The service sends \`known\` for those of the sessions that it has, and again when \`isWatched\` changes. Of watched sessions the agent reports when
   media falls silent.
5. \`close\` orders to close transports of a session. Without \`transportIds\` the session has ended: the agent closes all, and those that are made
   later. Then it asks the worker what is left, and answers \`closed\` with the same \`orderId\`.
6. \`bye\` says that the agent stops on purpose, and nobody waits for it.

The service pings every ${AGENT_LIMITS.pingMs / 1_000} s. An agent that has not answered for ${AGENT_LIMITS.silentMs / 1_000} s is away, and an agent that has heard nothing for so long connects again. The service closes the
socket with 4400 after a frame that it does not understand, with 4409 when the agent has a newer connection, with 1013 when there are too many agents, and
with 1012 when it stops. One agent reports up to ${AGENT_LIMITS.sessions} sessions.`;

export async function protocolReference(): Promise<string> {
  const text = [
    INTRODUCTION,
    "## Requests",
    table(
      ["request", "data", "answer", "can be refused with"],
      Object.entries(REQUESTS).map(([type, { data, reply }]) => [
        code(type),
        fields(data),
        fields(reply),
        REFUSALS[type as RequestType].map(code).join(", "),
      ]),
    ),
    "`string ≤ 64` has at most 64 characters.",
    `Every request can also be refused with ${COMMON_REFUSALS.map(code).join(", ")}.`,
    "## Events",
    table(
      ["event", "data"],
      Object.entries(EVENTS).map(([type, data]) => [code(type), fields(data)]),
    ),
    "## Shapes",
    table(
      ["shape", "fields"],
      [...NAMED].filter(([shape]) => !OF_AGENTS.includes(shape)).map(([shape, name]) => [code(name), fields(shape)]),
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
    "## Agents",
    AGENTS,
    table(["an agent sends", "fields"], flat(AGENT_MESSAGES)),
    table(["the service sends", "fields"], flat(AGENT_ORDERS)),
    table(
      ["shape of agents", "fields"],
      OF_AGENTS.map((shape) => [code(NAMED.get(shape) ?? ""), kindsOf(shape)]),
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

/** Messages whose fields stand beside their type. */
function flat(messages: Readonly<Record<string, Shape>>): string[][] {
  return Object.entries(messages).map(([type, { properties = {}, required = [] }]) => {
    const others = Object.entries(properties).filter(([name]) => name !== "type");
    return [code(type), fields({ properties: Object.fromEntries(others), required })];
  });
}

/** The fields of a shape, or of each of its kinds. */
function kindsOf(schema: Shape): string {
  return schema.anyOf ? schema.anyOf.map((kind) => code(describe(kind))).join("<br>or ") : fields(schema);
}

function describe(schema: Shape): string {
  return NAMED.get(schema) ?? structure(schema);
}

function structure(schema: Shape): string {
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
  if (schema.maxLength !== undefined) return `string ≤ ${schema.maxLength}`;
  return typeof schema.type === "string" ? schema.type : (schema.type?.join(" or ") ?? "anything");
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(TARGET, await protocolReference());
}
