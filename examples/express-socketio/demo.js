/** Starts the backend, lets two people join, breaks the connection of one, and shows what happens to their transports. */
import { once } from "node:events";
import { io } from "socket.io-client";
import { findWorkerBinary } from "../../dist/media/workers/worker-binary.js";
import { createBackend } from "./backend.js";

const PAGE = "http://localhost:3000";
const say = (text) => process.stdout.write(`${text}\n`);

const { server, lastseen, router, close } = await createBackend({ workerBin: findWorkerBinary()?.path, page: PAGE });
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${server.address().port}`;
say(`The backend listens at ${url}.`);

lastseen.on("away", ({ session, cause }) => say(`${session.userId} is away (${cause}).`));
const cleaned = new Promise((resolve) => {
  lastseen.on("cleaned", ({ session, result }) => resolve(`${session.userId}'s cleanup was verified: ${result}.`));
});

const ann = await enter("ann");
const ben = await enter("ben");
// A foreign transport: it names no session, so Lastseen leaves it alone.
await router.createWebRtcTransport({ listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }] });
say(`ann and ben have a transport each, and there is a foreign one: the router holds ${await held()}.`);

ann.emit("ping");
await event(ann, "pong");
say("ann's ping was answered.");

say("ann's connection breaks.");
const gone = event(ben, "user_left");
ann.io.engine.transport.ws.terminate();
const { userId, reason } = await gone;
say(`ben's page is told that ${userId} has left (${reason}).`);
say(await cleaned);
say(`The router holds ${await held()}.`);

ben.close();
await close();
say("The backend is closed.");

/** Acts as a page of the product, which does not know Lastseen. */
async function enter(name) {
  const options = { transports: ["websocket"], reconnection: false, auth: { token: `token-of-${name}` } };
  const socket = io(url, options);
  await event(socket, "connect");
  await socket.emitWithAck("join", { roomId: "daily" });
  await socket.emitWithAck("createTransport");
  return socket;
}

function event(socket, name) {
  return new Promise((resolve) => socket.once(name, resolve));
}

async function held() {
  const { transportIds } = await router.dump();
  return `${transportIds.length} transports`;
}
