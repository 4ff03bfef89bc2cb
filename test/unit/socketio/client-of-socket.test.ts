import { expect, test } from "vitest";
import { ClientOfSocket } from "../../../src/socketio/client-of-socket.js";
import type { SocketIoSocket } from "../../../src/socketio/socket-io.js";

test("a request for a socket that has ended is refused, and begins no line that nobody would end", async () => {
  const nothing = (): void => {};
  const socket: SocketIoSocket = {
    id: "ended",
    connected: false,
    handshake: { address: "127.0.0.1", headers: {} },
    conn: { transport: {}, on: nothing, off: nothing },
    on: nothing,
    emit: nothing,
    disconnect: nothing,
  };
  let lines = 0;
  const gateway = { accept: () => void (lines += 1) };
  const events = { requests: new Map(), sent: new Map() };
  const client = new ClientOfSocket(socket, { gateway, isProxy: () => false, events });
  await expect(client.request("join", { roomId: "daily" })).rejects.toMatchObject({ code: "fenced" });
  expect(lines).toBe(0);
});
