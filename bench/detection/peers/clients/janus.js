import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";

/** Those of janus.js. */
const KEEP_ALIVE_MS = 25_000;
/** How long the application waits before it connects again; janus.js leaves that to it. */
const AGAIN_MS = 1_000;

/** A participant of the video room who publishes nothing. @type {import("./types.js").Enter} */
export async function enter({ url, room, name, tell }) {
  let line;
  let wanted = true;
  const again = () => {
    if (wanted) setTimeout(() => void join().catch(again), AGAIN_MS);
  };
  const join = async () => {
    line = await Line.open(url, (data) => {
      const described = (one) => ({ id: String(one.id), name: one.display });
      const there = [...(data.publishers ?? []), ...(data.attendees ?? [])];
      if (data.videoroom === "joined") tell({ event: "people", people: there.map(described) });
      if (data.joining) tell({ event: "joined", ...described(data.joining) });
      if (typeof data.leaving === "number") tell({ event: "left", id: String(data.leaving) });
    });
    void line.closed.then(again);
    await line.joinRoom(roomNumber(room), name);
  };
  await join();
  return {
    async leave() {
      wanted = false;
      await line.destroy();
    },
  };
}

/** Rooms of Janus have numbers. */
function roomNumber(room) {
  let number = 7;
  for (const char of room) number = (number * 31 + char.charCodeAt(0)) % 2 ** 31;
  return number;
}

/** One session over a WebSocket. */
class Line {
  #socket;
  #session;
  #handle;
  #waiting = new Map();
  #hear;
  closed;

  constructor(socket, hear) {
    this.#socket = socket;
    this.#hear = hear;
    let keepAlive;
    this.closed = new Promise((resolve) => socket.once("close", resolve)).then(() => clearInterval(keepAlive));
    keepAlive = setInterval(() => this.#send({ janus: "keepalive" }), KEEP_ALIVE_MS);
    socket.on("message", (text) => this.#read(JSON.parse(text.toString())));
  }

  static async open(url, hear) {
    const socket = new WebSocket(url, "janus-protocol");
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    socket.on("error", () => {});
    const line = new Line(socket, hear);
    line.#session = (await line.#ask({ janus: "create" })).data.id;
    line.#handle = (await line.#ask({ janus: "attach", plugin: "janus.plugin.videoroom" })).data.id;
    return line;
  }

  async joinRoom(room, display) {
    const message = (body) => this.#ask({ janus: "message", handle_id: this.#handle, body });
    // It answers with an error when the room exists.
    await message({ request: "create", room, publishers: 1000, notify_joining: true });
    await message({ request: "join", ptype: "publisher", room, display });
  }

  async destroy() {
    await this.#ask({ janus: "destroy" });
    this.#socket.close();
  }

  #ask(request) {
    const transaction = randomUUID();
    return new Promise((resolve) => {
      this.#waiting.set(transaction, resolve);
      this.#send(request, transaction);
    });
  }

  #send(request, transaction = randomUUID()) {
    this.#socket.send(JSON.stringify({ ...request, transaction, session_id: this.#session }), () => {});
  }

  #read(message) {
    if (message.plugindata) this.#hear(message.plugindata.data);
    // An asynchronous request is first acknowledged, then answered.
    if (message.janus === "ack") return;
    this.#waiting.get(message.transaction)?.(message);
    this.#waiting.delete(message.transaction);
  }
}
