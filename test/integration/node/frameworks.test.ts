import { Server as SocketIo } from "socket.io";
import { io as connectSocketIo } from "socket.io-client";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { enter } from "../plugin/application.js";
import { attach, BACKENDS } from "./backends.js";

/** The application's own Socket.IO, which answers `hi` with `ho`. */
function withSocketIo(server: ConstructorParameters<typeof SocketIo>[0]): SocketIo {
  const io = new SocketIo(server);
  io.on("connection", (socket) => socket.on("hi", () => socket.emit("ho")));
  onTestFinished(() => void io.engine.close());
  return io;
}

async function answersHi(url: string, transports: string[]): Promise<void> {
  const socket = connectSocketIo(url, { transports, forceNew: true, reconnection: false });
  onTestFinished(() => void socket.close());
  const answered = new Promise<void>((resolve, reject) => {
    socket.on("ho", resolve);
    socket.on("connect_error", reject);
  });
  socket.emit("hi");
  await answered;
}

describe.each(BACKENDS)("On one port with %s", (_name, make) => {
  test.each([
    ["before", true],
    ["after", false],
  ])("the application and its Socket.IO, made %s Lastseen, go on as ever", async (_when, before) => {
    const backend = await make();
    if (before) withSocketIo(backend.server);
    const { lastseen, listen, connect } = await attach(backend);
    if (!before) withSocketIo(backend.server);
    const http = await listen();

    const [ann, ben] = [await connect(), await connect("/presence/ws?from=page")];
    await enter(ann, "ann", "daily");
    await enter(ben, "ben", "daily");
    expect(lastseen.whoIsIn("daily").map(({ userId }) => userId)).toEqual(["ann", "ben"]);
    await answersHi(http, ["websocket"]);
    await answersHi(http, ["polling"]);

    expect(await (await fetch(`${http}/own`)).text()).toBe("own");
    expect((await fetch(`${http}/presence/own`)).status).toBe(404);
    expect(await (await fetch(`${http}/presence/api/health`)).json()).toMatchObject({ connectedUsers: 2 });

    ann.reset();
    await ben.event("user_left", ({ userId, reason }) => userId === "ann" && reason === "disconnected");
  });

  test("closing the application closes Lastseen first, and its clients are told to come back", async () => {
    const backend = await make();
    const { listen, connect } = await attach(backend);
    await listen();
    const client = await connect();
    await enter(client, "ann", "daily");
    await backend.close();
    await client.event("server_closing");
    expect(await client.closed()).toBe(1012);
  });
});

test("another WebSocket server that refuses all paths but its own does not see the handshakes of Lastseen", async () => {
  const [, make] = BACKENDS.at(-1) ?? [];
  if (!make) throw new Error("no backend");
  const backend = await make();
  const own = new WebSocketServer({ server: backend.server, path: "/own" });
  own.on("connection", (socket) => socket.send('{"type":"own"}'));
  const { listen, connect } = await attach(backend);
  const http = await listen();
  await enter(await connect(), "ann", "daily");
  const theirs = await TestClient.open(`${http.replace("http", "ws")}/own`);
  await theirs.frame(({ type }) => type === "own");
  theirs.reset();
  await until(() => own.clients.size === 0);
});
