import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { TestClient } from "../../support/test-client.js";

test("a client that waits is told when the service ends its connection, and what the service said before", async () => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => {
    server.close();
  });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.on("message", () => {
      socket.send(JSON.stringify({ type: "server_closing", data: {} }));
      socket.close(1012);
    });
  });
  const client = await TestClient.open(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);

  const answer = client.ask("ping");

  await expect(answer).rejects.toThrow(
    "the reply to ping did not come before the connection ended; close code 1012; seen: server_closing",
  );
});
