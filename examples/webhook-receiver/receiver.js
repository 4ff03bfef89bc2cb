// Keeps the participants of every room from the events. Plain Node without libraries; a Map takes the place of your table.
//   WEBHOOK_SECRET=… PORT=4000 node examples/webhook-receiver/receiver.js
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const participants = new Map();

function isGenuine(header = "", body) {
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (!mac || Math.abs(Date.now() / 1000 - Number(seconds)) > 300) return false;
  const expected = createHmac("sha256", process.env.WEBHOOK_SECRET).update(`${seconds}.${body}`).digest();
  return timingSafeEqual(Buffer.from(mac, "hex"), expected);
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

async function receive(request, response) {
  if (request.method === "GET") return response.end(JSON.stringify([...participants.values()]));
  const body = await text(request);
  if (!isGenuine(request.headers["lastseen-signature"], body)) return response.writeHead(401).end();
  apply(JSON.parse(body));
  return response.writeHead(204).end();
}

createServer((request, response) => void receive(request, response).catch(() => response.destroy())).listen(
  Number(process.env.PORT ?? 4000),
  "127.0.0.1",
);
