/** The same server with socket.io: it answers each event with one event. */
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
