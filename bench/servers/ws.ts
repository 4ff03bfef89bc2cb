/** The server to compare with: the shortest useful server with `ws` alone. */
import { WebSocketServer, type RawData } from "ws";

const server = new WebSocketServer({ port: Number(process.env["PORT"]), host: "127.0.0.1" });

server.on("connection", (socket) => {
  socket.on("message", (data: RawData) => {
    const message = JSON.parse((data as Buffer).toString()) as { type?: string };
    if (message.type === "ping") socket.send(JSON.stringify({ type: "pong" }));
  });
  socket.on("error", () => {});
});
