/** The same with socket.io: one event in, one event out. */
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { serveClient: false });

server.on("connection", (socket) => {
  socket.on("ping", () => {
    socket.emit("pong");
  });
});
http.listen(Number(process.env["PORT"]), "127.0.0.1");
