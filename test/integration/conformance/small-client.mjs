/**
 * A client of the protocol in one file, written from docs/protocol.md alone. Each further argument names a check and makes the client do
 * wrong what that check asks.
 *
 *     node small-client.mjs URL [CHECK ...]
 */
import { WebSocket } from "ws";

const [, , start, ...broken] = process.argv;
const isBroken = (check) => broken.includes(check);

/** Codes after which the client stays away, and the one after which it begins a new session. */
const STAY_AWAY = [1000, 1009, 4400, ...(isBroken("kicked") ? [] : [4403]), 4409];
const EXPIRED = 4410;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 4_000;
const ANSWER_MS = 8_000;

let url = start;
let session;
let firstToken;
let wantedRoom = process.env.LASTSEEN_ROOM;
let room;
let attempts = 0;
let notBefore = 0;
let isEnding = false;

const socketOf = (address) => `${address.replace(/^http/, "ws").replace(/\/$/, "")}/ws`;

function connect() {
  const socket = new WebSocket(url, "lastseen.v1", { autoPong: !isBroken("socket ping") });
  const pending = new Map();
  let nextId = 1;
  let heartbeat;
  let silence;
  const request = (type, data) =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      pending.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, type, data }));
    });
  const ping = () => {
    socket.send('{"type":"ping"}');
    silence ??= setTimeout(() => socket.terminate(), ANSWER_MS);
  };

  const hello = async () => {
    const token = await (await fetch(process.env.LASTSEEN_TOKEN_URL)).text();
    const resume = session && {
      sessionId: session.sessionId,
      resumeToken: isBroken("resume") ? firstToken : session.resumeToken,
    };
    const answer = await request("hello", { token, tabId: "small-client", ...(resume ? { resume } : {}) });
    attempts = 0;
    session = answer;
    firstToken ??= answer.resumeToken;
    const { intervalMs, watchedIntervalMs = intervalMs } = answer.heartbeat;
    if (!isBroken("heartbeat")) heartbeat = setInterval(ping, Math.min(intervalMs, watchedIntervalMs));
    room = answer.room ?? undefined;
    if (!room) await join();
  };
  const join = async () => {
    const answer = await request("join", { roomId: wantedRoom });
    ({ room } = answer);
    session = { ...session, ...answer };
  };
  const compare = async (version) => {
    if (!room || version === undefined || version === room.version) return;
    ({ room } = await request("getRoom", {}));
  };
  const refused = (refusal) => {
    if (refusal.code === "session_gone" && !isBroken("session gone")) {
      session = undefined;
      hello().catch(refused);
      return;
    }
    if (refusal.code === "redirect" && !isBroken("redirect")) url = socketOf(refusal.data.url);
    notBefore = performance.now() + (refusal.data?.retryAfterMs ?? 0);
    socket.terminate();
  };

  const take = async ({ type, data, v }) => {
    if (type === "pong") {
      clearTimeout(silence);
      silence = undefined;
      await compare(v);
    } else if (type === "probe") {
      if (!isBroken("probe")) ping();
    } else if (type === "server_closing") {
      notBefore = performance.now() + data.reconnectAfterMs;
      if (data.url && !isBroken("handed over")) url = socketOf(data.url);
    } else if (type === "incoming_call") {
      const { roomId } = await request("acceptCall", { callId: data.callId });
      await request("leave", {});
      wantedRoom = roomId;
      await join();
    } else if (type === "room_closed") {
      if (data.roomId === room?.id) room = undefined;
    } else if (data?.version !== undefined && data.roomId === room?.id && !isBroken("roster of an event")) {
      if (data.version === room.version + 1) room.version = data.version;
      else await compare(data.version);
    }
  };

  socket.on("open", () => void hello().catch(refused));
  socket.on("message", (bytes) => {
    const frame = JSON.parse(bytes);
    const waiting = pending.get(frame.id);
    if (!waiting) {
      take(frame).catch(() => {});
      return;
    }
    pending.delete(frame.id);
    if (frame.ok) waiting.resolve(frame.data);
    else waiting.reject(frame.error);
  });
  socket.on("error", () => {});
  socket.on("close", (code) => {
    clearInterval(heartbeat);
    clearTimeout(silence);
    if (code === EXPIRED) session = undefined;
    if (isEnding || STAY_AWAY.includes(code)) return;
    attempts += 1;
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts) * (0.5 + Math.random() / 2);
    setTimeout(connect, Math.max(waitMs, notBefore - performance.now()));
  });
  process.removeAllListeners("SIGTERM");
  process.on("SIGTERM", () => {
    isEnding = true;
    const over = () => process.exit();
    if (socket.readyState !== WebSocket.OPEN) over();
    request("beforeDisconnect", {}).then(over, over);
  });
}

connect();
// The program runs on after it was told to stay away, so that the check sees that it does.
setInterval(() => {}, 60_000);
