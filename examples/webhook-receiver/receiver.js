// Keeps the participants of every room from the events; a Map takes the place of your table.
// It takes single events and batches. When the service has dropped events, it compares its table with the service's API.
//   WEBHOOK_SECRET=… LASTSEEN_URL=http://127.0.0.1:3001 ADMIN_TOKEN=… PORT=4000 node examples/webhook-receiver/receiver.js
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { LastseenApi, verifyWebhook, WebhookError } from "@lastseen/server";

const { LASTSEEN_URL: url, ADMIN_TOKEN: token, WEBHOOK_SECRET: secret, WEBHOOK_SECRET_PREVIOUS } = process.env;

const participants = new Map();

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

/** All sessions of all nodes as the service has them now. Throws when a node does not answer. */
async function readSessions() {
  const found = new Map();
  for await (const session of new LastseenApi({ url, token }).sessions.all({ limit: 200 })) {
    if (session.state !== "closing") found.set(session.sessionId, session);
  }
  return found;
}

/** Makes the rows right whose last event was dropped. A row with a later event is right: the service drops the oldest ones. */
async function compare({ lastAt }) {
  const there = await readSessions();
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
  const { headers } = request;
  const body = await buffer(request);
  const { events } = verifyWebhook({ body, headers, secret, previousSecret: WEBHOOK_SECRET_PREVIOUS });
  for (const event of events) {
    // When this fails, the service gets no 2xx and sends all of it again.
    if (event.type === "events_dropped") await compare(event);
    else apply(event);
  }
  return response.writeHead(204).end();
}

function fail(error, response) {
  process.stderr.write(`${error.message}\n`);
  response.writeHead(error instanceof WebhookError ? 401 : 503).end();
}

createServer((request, response) => void receive(request, response).catch((error) => fail(error, response))).listen(
  Number(process.env.PORT ?? 4000),
  "127.0.0.1",
);
