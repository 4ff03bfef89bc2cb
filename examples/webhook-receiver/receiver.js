// Keeps the participants of every room from the events. Plain Node without libraries; a Map takes the place of your table.
// It takes single events and batches. When the service has dropped events, it compares its table with the service's API.
//   WEBHOOK_SECRET=… LASTSEEN_URL=http://127.0.0.1:3001 ADMIN_TOKEN=… PORT=4000 node examples/webhook-receiver/receiver.js
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const participants = new Map();

/** As Standard Webhooks says; there are libraries that do the same, such as `standardwebhooks`. */
function isGenuine(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(seconds)) <= 300)) return false;
  const [, encoded] = /^whsec_(.*)$/.exec(process.env.WEBHOOK_SECRET) ?? [];
  const key = encoded === undefined ? process.env.WEBHOOK_SECRET : Buffer.from(encoded, "base64");
  const expected = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest();
  return signatures.split(" ").some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** The state of a participant after an event with a room. An event without a room is about a session that is in no room. */
const STATES = {
  joined: "present",
  session_adopted: "present",
  back: "present",
  away: "away",
  left: "gone",
  session_ended: "gone",
};

function apply({ type, sessionId, userId, name, roomId, nodeId, epoch, sequence, at, alone }) {
  if (type === "node_started" && alone) {
    for (const row of participants.values()) if (row.at < at) row.state = "gone";
  }
  const before = participants.get(sessionId);
  const isNewer = !before || epoch > before.epoch || (epoch === before.epoch && sequence > before.sequence);
  if (!STATES[type] || !isNewer) return;
  const room = roomId ?? before?.roomId ?? null;
  const state = roomId === null ? "gone" : STATES[type];
  participants.set(sessionId, { userId, name, roomId: room, nodeId, state, epoch, sequence, at });
}

/** All sessions of all nodes as the service has them now. */
async function readSessions() {
  const headers = process.env.ADMIN_TOKEN ? { authorization: `Bearer ${process.env.ADMIN_TOKEN}` } : {};
  const found = [];
  for (let cursor = ""; cursor !== null;) {
    const query = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await fetch(`${process.env.LASTSEEN_URL}/api/sessions?limit=200${query}`, { headers });
    if (!answer.ok) throw new Error(`GET /api/sessions: ${answer.status}`);
    const page = await answer.json();
    if (page.missing.length > 0) throw new Error(`nodes that did not answer: ${page.missing}`);
    found.push(...page.sessions);
    cursor = page.cursor;
  }
  return found.filter(({ state }) => state !== "closing" && state !== "ended");
}

/** Makes the rows right whose last event was dropped. A row with a later event is right: the service drops the oldest ones. */
async function compare({ lastAt }) {
  const there = new Map((await readSessions()).map((session) => [session.id, session]));
  for (const [sessionId, row] of participants) {
    if (row.at <= lastAt && !there.has(sessionId)) row.state = "gone";
  }
  for (const [sessionId, { userId, name, roomId, nodeId, state, epoch }] of there) {
    const row = participants.get(sessionId);
    if ((row && row.at > lastAt) || (!row && roomId === null)) continue;
    const truth = { roomId: roomId ?? row?.roomId ?? null, state: roomId === null ? "gone" : shown(state) };
    participants.set(sessionId, { userId, name, nodeId, epoch, sequence: 0, at: lastAt, ...row, ...truth });
  }
}

function shown(state) {
  return state === "present" ? "present" : "away";
}

async function receive(request, response) {
  if (request.method === "GET") return response.end(JSON.stringify([...participants.values()]));
  const body = await text(request);
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  const message = JSON.parse(body);
  for (const event of message.type === "batch" ? message.data.events : [message.data]) {
    // When this fails, the service gets no 2xx and sends all of it again.
    if (event.type === "events_dropped") await compare(event);
    else apply(event);
  }
  return response.writeHead(204).end();
}

function fail(error, response) {
  process.stderr.write(`${error.message}\n`);
  response.writeHead(503).end();
}

createServer((request, response) => void receive(request, response).catch((error) => fail(error, response))).listen(
  Number(process.env.PORT ?? 4000),
  "127.0.0.1",
);
