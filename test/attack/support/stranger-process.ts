/**
 * An honest client in a process of its own, so that it is not slowed down by the attacker's work. It says hello and pings.
 * Between the messages "begin" and "end" of its parent it notes how long each pong takes.
 */
import { WebSocket } from "ws";

const PING = '{"type":"ping"}';
/** Well within the rate that one client is allowed. */
const EVERY_MS = 30;

const socket = new WebSocket(process.argv[2] ?? "", "lastseen.v1");
/** When each ping was sent that has no pong yet. */
let unanswered: number[] = [];
let latencies: number[] = [];

socket.on("error", () => process.exit(1));
socket.on("close", () => process.exit(2));
socket.on("open", () => {
  socket.send(JSON.stringify({ id: 1, type: "hello", data: { user: { id: "stranger" }, tabId: "tab" } }));
});
socket.on("message", (data: Buffer) => {
  const text = data.toString();
  if (text.startsWith('{"id":1,"ok":true')) {
    setInterval(ping, EVERY_MS);
    process.send?.("ready");
  } else if (text.startsWith('{"type":"pong"')) {
    const sentAt = unanswered.shift();
    if (sentAt !== undefined) latencies.push(performance.now() - sentAt);
  }
});
process.on("disconnect", () => process.exit(0));
process.on("message", (message) => {
  if (message === "begin") {
    unanswered = unanswered.map(() => performance.now());
    latencies = [];
    return;
  }
  // A ping that waits for its pong counts with the time that it has waited: a service that stands still is seen.
  const waiting = unanswered.map((sentAt) => performance.now() - sentAt);
  process.send?.([...latencies, ...waiting]);
});

function ping(): void {
  unanswered.push(performance.now());
  socket.send(PING);
}
