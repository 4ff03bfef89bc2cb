import type { Socket as TcpSocket } from "node:net";
import { Server as SocketIo, type Socket as ServerSocket } from "socket.io";
import { io as connectSocketIo, Manager, type Socket } from "socket.io-client";
import { socketIoTransport } from "@lastseen/client/socket.io";
import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import { describe, expect, onTestFinished, test } from "vitest";
import type { WebSocket } from "ws";
import type { LastseenEvents, PluginSettings } from "../../../src/node/index.js";
import { lastseenSocketIo, type EventNames } from "../../../src/socketio/index.js";
import { sdkClient } from "../../support/node-browser.js";
import { until } from "../../support/until.js";
import { enter } from "../plugin/application.js";
import { attach, plainBackend } from "./backends.js";

type ServerOptions = ConstructorParameters<typeof SocketIo>[1];

/** A backend with Socket.IO, on which sessions run without a WebSocket of their own. */
async function backend(
  options: { io?: ServerOptions; settings?: PluginSettings; events?: EventNames; polling?: boolean } = {},
) {
  const plain = plainBackend();
  const io = new SocketIo(plain.server, options.io);
  onTestFinished(() => void io.engine.close());
  const settings = { RESUME_GRACE_MS: 3_000, RELOAD_GRACE_MS: 200, ...options.settings };
  const { lastseen, listen, connect } = await attach(plain, { settings });
  const presence = lastseenSocketIo(io, { lastseen, ...(options.events ? { events: options.events } : {}) });
  const sockets: ServerSocket[] = [];
  io.on("connection", (socket) => sockets.push(socket));
  const http = await listen();
  const ends: LastseenEvents["detached"][] = [];
  lastseen.on("detached", (step) => ends.push(step));
  const open = async (): Promise<Socket> => {
    const transports = options.polling ? ["polling"] : ["websocket"];
    const socket = connectSocketIo(http, { transports, forceNew: true, reconnectionDelay: 50 });
    onTestFinished(() => void socket.close());
    await new Promise<void>((resolve) => void socket.on("connect", resolve));
    return socket;
  };
  return { io, lastseen, presence, sockets, http, ends, open, connect };
}

interface Frame {
  id?: number;
  ok?: boolean;
  type?: string;
  data?: unknown;
  error?: { code: string };
}

/** Sends a request as a frame, and waits for the frame that answers it. */
function request<T extends RequestType>(socket: Socket, type: T, data: RequestData<T>): Promise<ReplyData<T>> {
  const id = Math.ceil(Math.random() * 1e9);
  return new Promise((resolve, reject) => {
    const listen = (frame: Frame): void => {
      if (frame.id !== id) return;
      socket.off("lastseen", listen);
      if (frame.ok) resolve(frame.data as ReplyData<T>);
      else reject(new Error(JSON.stringify(frame.error)));
    };
    socket.on("lastseen", listen);
    socket.emit("lastseen", { id, type, data });
  });
}

async function enterBy(socket: Socket, userId: string, roomId: string): Promise<string> {
  const { sessionId } = await request(socket, "hello", { user: { id: userId }, tabId: `tab-${userId}` });
  await request(socket, "join", { roomId });
  return sessionId;
}

/** The WebSocket under a socket of the client, and the TCP connection under that. */
const rawOf = (socket: Socket): WebSocket => (socket.io.engine.transport as unknown as { ws: WebSocket }).ws;
const lineOf = (socket: Socket): TcpSocket => Reflect.get(rawOf(socket), "_socket") as TcpSocket;

/** Names of the events of an application that never heard of Lastseen. */
const EVENTS: EventNames = {
  ping: "ping",
  pong: "pong",
  beforeDisconnect: "beforeDisconnect",
  user_left: "user_left",
};

describe("A session over a socket of Socket.IO", () => {
  test("a client that opens and closes the same socket over one connection leaves no listeners on the connection", async () => {
    const { io, sockets, http } = await backend();
    io.of("/other").on("connection", () => {});
    // The other namespace keeps the connection up.
    const manager = new Manager(http, { transports: ["websocket"], autoConnect: false });
    const other = manager.socket("/other");
    onTestFinished(() => void other.close());
    other.connect();
    await until(() => other.connected);
    const socket = manager.socket("/");
    const listeners: number[][] = [];
    for (let round = 1; round <= 5; round += 1) {
      socket.connect();
      await until(() => sockets.length === round);
      const { conn } = sockets[round - 1] as ServerSocket;
      const raw = Reflect.get(conn.transport, "socket") as WebSocket;
      const count = () => [
        ...["heartbeat", "upgrade"].map((name) => conn.listenerCount(name)),
        ...["pong", "close"].map((name) => raw.listenerCount(name)),
      ];
      listeners.push(count());
      await until(() => socket.connected);
      socket.disconnect();
      await until(() => sockets[round - 1]?.connected === false);
    }
    expect(listeners.slice(1)).toEqual(listeners.slice(1).map(() => listeners[0]));
  });

  test("uses the same frames as a WebSocket, in one event with one object, both ways", async () => {
    const { lastseen, open, connect } = await backend();
    const [socket, ben] = [await open(), await connect()];
    const frames: unknown[][] = [];
    socket.on("lastseen", (...frame: unknown[]) => frames.push(frame));
    await enterBy(socket, "ann", "daily");
    await enter(ben, "ben", "daily");
    socket.emit("lastseen", { type: "ping" });
    await until(() => frames.some(([frame]) => (frame as Frame).type === "pong"));
    for (const frame of frames) expect(frame).toEqual([expect.any(Object)]);
    expect(frames.map(([frame]) => (frame as Frame).type)).toContain("user_joined");
    expect(lastseen.whoIsIn("daily").map(({ userId }) => userId)).toEqual(["ann", "ben"]);
    await request(socket, "leave", {});
    await ben.event("user_left", ({ userId, reason }) => userId === "ann" && reason === "left");
  });

  test("ends alone when the service ends it: the socket stays the application's", async () => {
    const { lastseen, open } = await backend();
    const socket = await open();
    const closed = new Promise<unknown>((resolve) => void socket.on("lastseen:close", resolve));
    await lastseen.kick(await enterBy(socket, "ann", "daily"));
    expect(await closed).toEqual({ code: 4403, reason: "kicked" });
    expect(socket.connected).toBe(true);
    await enterBy(socket, "ann", "daily");
    expect(lastseen.whoIsIn("daily")).toHaveLength(1);
  });

  test("cannot send what is no frame, or too large a one", async () => {
    const { open } = await backend();
    const socket = await open();
    const closes: unknown[] = [];
    socket.on("lastseen:close", (end: { code: number }) => closes.push(end.code));
    socket.emit("lastseen", "text");
    await until(() => closes.length === 1);
    socket.emit("lastseen");
    await until(() => closes.length === 2);
    await request(socket, "hello", { user: { id: "ann" }, tabId: "tab" });
    socket.emit("lastseen", { type: "setMetadata", data: { metadata: { text: "x".repeat(70_000) } } });
    await until(() => closes.length === 3);
    expect(closes).toEqual([4400, 4400, 1009]);
    expect(socket.connected).toBe(true);
  });

  const PAGE = { cause: "page_closed" };
  const LINE = { cause: "connection_lost", closeCode: 1006 };
  test.each([
    ["the client disconnects", (socket: Socket) => void socket.disconnect(), { ...PAGE, closeCode: 1000 }],
    ["the page closes", (socket: Socket) => rawOf(socket).close(1001), { ...PAGE, closeCode: 1001 }],
    ["the connection is reset", (socket: Socket) => lineOf(socket).resetAndDestroy(), LINE],
    ["Socket.IO's pings are not answered", (socket: Socket) => void lineOf(socket).pause(), LINE],
  ])("knows how it ended: %s", async (_how, end, expected) => {
    const { ends, open } = await backend({ io: { pingInterval: 300, pingTimeout: 200 } });
    const socket = await open();
    socket.io.reconnection(false);
    await enterBy(socket, "ann", "daily");
    end(socket);
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject(expected);
  });

  test("knows that the application has disconnected it", async () => {
    const { ends, sockets, open } = await backend();
    await enterBy(await open(), "ann", "daily");
    sockets[0]?.disconnect();
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ cause: "page_closed", closeCode: 1005 });
  });

  test("is pinged like a WebSocket, and a cut connection makes it away before Socket.IO notices", async () => {
    const { lastseen, open, connect } = await backend({ settings: { WATCHED_PING_INTERVAL_MS: 1_000 } });
    const [socket, ben] = [await open(), await connect()];
    const sessionId = await enterBy(socket, "ann", "daily");
    await enter(ben, "ben", "daily");
    await until(() => (lastseen.findSession(sessionId)?.evidence.lastPongAt ?? null) !== null);
    lineOf(socket).pause();
    await ben.event("user_away", ({ userId }) => userId === "ann");
    expect(lastseen.findSession(sessionId)?.evidence.socket).toBe("open");
  });

  test("that began with HTTP polling is pinged as soon as Socket.IO has a WebSocket", async () => {
    const { lastseen, ends, http } = await backend({ settings: { SOCKET_PING_INTERVAL_MS: 1_000 } });
    const socket = connectSocketIo(http, { forceNew: true, reconnection: false });
    onTestFinished(() => void socket.close());
    const sessionId = await enterBy(socket, "ann", "daily");
    await until(() => (lastseen.findSession(sessionId)?.evidence.lastPongAt ?? null) !== null);
    expect(socket.io.engine.transport.name).toBe("websocket");
    rawOf(socket).close(1001);
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ cause: "page_closed", closeCode: 1001 });
  });

  test("over HTTP polling is never taken for silent, and Socket.IO's heartbeats are evidence", async () => {
    const { lastseen, open, connect } = await backend({
      polling: true,
      io: { pingInterval: 300, pingTimeout: 10_000 },
      settings: { WATCHED_PING_INTERVAL_MS: 1_000 },
    });
    const [socket, ben] = [await open(), await connect()];
    const sessionId = await enterBy(socket, "ann", "daily");
    await enter(ben, "ben", "daily");
    const pongAt = (): number => lastseen.findSession(sessionId)?.evidence.lastPongAt ?? 0;
    const first = Date.now();
    await until(() => pongAt() - first > 3_500);
    expect(ben.events("user_away")).toEqual([]);
    expect(lastseen.findSession(sessionId)?.evidence.socketSilentAt).toBeNull();
  });
});

describe("A client that knows nothing of Lastseen", () => {
  test("pings, leaves and is told of others with its own events", async () => {
    const { lastseen, presence, sockets, open, connect } = await backend({ events: EVENTS });
    const [socket, ben] = [await open(), await connect()];
    await enter(ben, "ben", "daily");
    const [server] = sockets;
    if (!server) throw new Error("no socket");
    const sessionId = await presence.enter(server, { userId: "ann", name: "Ann", roomId: "daily" });
    expect(lastseen.whoIsIn("daily").map(({ name }) => name)).toEqual(["ben", "Ann"]);
    const told: [string, unknown][] = [];
    socket.onAny((event: string, data: unknown) => told.push([event, data]));

    const before = lastseen.findSession(sessionId)?.lastSeenAt ?? Infinity;
    await until(() => Date.now() > before + 5);
    socket.emit("ping");
    await until(() => told.length === 1);
    expect(told[0]?.[0]).toBe("pong");
    expect(lastseen.findSession(sessionId)?.lastSeenAt).toBeGreaterThan(before);

    await ben.request("leave");
    await until(() => told.some(([event]) => event === "user_left"));
    expect(told.find(([event]) => event === "user_left")?.[1]).toMatchObject({ userId: "ben", reason: "left" });
    expect(told.map(([event]) => event)).not.toContain("lastseen");

    await ben.request("join", { roomId: "daily" });
    socket.emit("beforeDisconnect", { roomId: "daily" });
    await ben.event("user_left", ({ userId, reason }) => userId === "ann" && reason === "left");
    await until(() => lastseen.findSession(sessionId) === undefined);
    expect(socket.connected).toBe(true);
  });

  test("gets answers with its acknowledgements, and cannot answer for the service", async () => {
    const { presence, sockets, open } = await backend({ events: { ...EVENTS, getRoom: "who" } });
    const socket = await open();
    const [server] = sockets;
    if (!server) throw new Error("no socket");
    await presence.enter(server, { userId: "ann", roomId: "daily" });
    const answer: unknown = await socket.emitWithAck("who", {});
    expect(answer).toMatchObject({ ok: true, data: { room: { id: "daily" } } });
  });

  test("goes on with its session when Socket.IO recovers its state, and nobody sees it leave", async () => {
    const { lastseen, presence, sockets, ends, open, connect } = await backend({
      events: EVENTS,
      io: { connectionStateRecovery: {} },
    });
    const [socket, ben] = [await open(), await connect()];
    await enter(ben, "ben", "daily");
    const [server] = sockets;
    if (!server) throw new Error("no socket");
    const sessionId = await presence.enter(server, { userId: "ann", roomId: "daily" });
    // Socket.IO recovers the state of a client that has received an event.
    socket.emit("ping");
    await new Promise<void>((resolve) => void socket.once("pong", () => resolve()));
    lineOf(socket).resetAndDestroy();
    await until(() => ends.length === 1);
    await until(() => socket.recovered && lastseen.findSession(sessionId)?.evidence.socket === "open");
    expect(lastseen.findSession(sessionId)).toMatchObject({ epoch: 2, roomId: "daily" });
    expect(ben.events("user_left")).toEqual([]);
    expect(lastseen.sessionsOf("ann")).toHaveLength(1);
  });
});

describe("The client of Lastseen over Socket.IO", () => {
  async function sdk(io: ServerOptions = {}) {
    const world = await backend({ io });
    const socket = await world.open();
    const transport = socketIoTransport(socket);
    const client = sdkClient({ url: `${world.http}/presence`, user: { id: "ann", name: "Ann" }, transport });
    await client.join("daily");
    return { ...world, socket, client };
  }

  test("joins, hears of others, and leaves the socket to the page when it closes", async () => {
    const { lastseen, client, socket, connect } = await sdk();
    const ben = await connect();
    await enter(ben, "ben", "daily");
    await until(() => client.room?.participants.length === 2);
    await client.disconnect();
    await ben.event("user_left", ({ userId, reason }) => userId === "ann" && reason === "left");
    expect(socket.connected).toBe(true);
    expect(lastseen.sessionsOf("ann")).toEqual([]);
  });

  test.each([
    ["without", {}],
    ["with", { connectionStateRecovery: {} }],
  ])("resumes its session after a reset, %s Socket.IO's own recovery", async (_how, io) => {
    const { lastseen, socket, ends, connect } = await sdk(io);
    const ben = await connect();
    await enter(ben, "ben", "daily");
    const [before] = lastseen.sessionsOf("ann");
    lineOf(socket).resetAndDestroy();
    await until(() => ends.length === 1);
    await until(() => lastseen.sessionsOf("ann")[0]?.evidence.socket === "open");
    expect(lastseen.sessionsOf("ann").map(({ id }) => id)).toEqual([before?.id]);
    expect(lastseen.findSession(before?.id ?? "")?.epoch).toBe(2);
    expect(ben.events("user_left")).toEqual([]);
  });
});

test("wrong options are named", async () => {
  const { io, lastseen } = await backend();
  const start = (options: object) => () => lastseenSocketIo(io, options as Parameters<typeof lastseenSocketIo>[1]);
  expect(start({ lastseen: {} })).toThrow(/lastseen must be what attachLastseen returned/);
  expect(start({ lastseen, events: { user_gone: "gone" } })).toThrow(/events.user_gone is no message of Lastseen/);
  expect(start({ lastseen, events: { ping: "" } })).toThrow(/events.ping must be the name/);
  expect(start({ lastseen, events: { ping: "disconnect" } })).toThrow(/must not be "disconnect"/);
  expect(start({ lastseen, events: { ping: "x", leave: "x" } })).toThrow(/another name than events.ping/);
});
