/** Starts the backend, lets two people join, breaks the connection of one, and shows what happens to their transports. */
import WebSocket from "ws";
import { findWorkerBinary } from "../../dist/media/workers/worker-binary.js";
import { createBackend } from "./backend.js";

const PAGE = "http://localhost:3000";
const say = (text) => process.stdout.write(`${text}\n`);

const { app, router } = await createBackend({ workerBin: findWorkerBinary()?.path, page: PAGE });
const url = await app.listen({ port: 0, host: "127.0.0.1" });
say(`The backend listens at ${url}.`);

app.lastseen.on("away", ({ session, cause }) => say(`${session.userId} is away (${cause}).`));
app.lastseen.on("left", ({ session, reason }) => say(`${session.userId} has left (${reason}).`));
const cleaned = new Promise((resolve) => {
  app.lastseen.on("cleaned", ({ session, result }) => resolve(`${session.userId}'s cleanup was verified: ${result}.`));
});

const ann = await enter("ann");
const ben = await enter("ben");
// A foreign transport: it names no session, so Lastseen leaves it alone.
await router.createWebRtcTransport({ listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }] });
say(`ann and ben have a transport each, and there is a foreign one: the router holds ${await held()}.`);

say("ann's connection breaks.");
ann.terminate();
say(await cleaned);
say(`The router holds ${await held()}.`);

ben.close();
await app.close();
say("The backend is closed.");

/** Acts as a page: Lastseen's hello and join, then the product's own signalling. */
async function enter(name) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/presence/ws`, "lastseen.v1", { origin: PAGE });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const { sessionId } = await ask(socket, "hello", { token: `token-of-${name}`, tabId: "first" });
  await ask(socket, "join", { roomId: "daily" });
  const response = await fetch(`${url}/calls/daily/transports`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sessionId }),
  });
  if (!response.ok) throw new Error(`no transport for ${name}: ${response.status}`);
  return socket;
}

function ask(socket, type, data) {
  return new Promise((resolve, reject) => {
    const listen = (frame) => {
      const reply = JSON.parse(frame.toString());
      if (reply.id !== type) return;
      socket.off("message", listen);
      if (reply.ok) resolve(reply.data);
      else reject(new Error(`${type}: ${reply.error.message}`));
    };
    socket.on("message", listen);
    socket.send(JSON.stringify({ id: type, type, data }));
  });
}

async function held() {
  const { transportIds } = await router.dump();
  return `${transportIds.length} transports`;
}
