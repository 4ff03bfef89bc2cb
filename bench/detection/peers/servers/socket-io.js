/** A room with presence on Socket.IO, as its documentation builds one; all deadlines are the defaults. */
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http);

io.on("connection", async (socket) => {
  const { room, name } = socket.handshake.auth;
  const others = await io.in(room).fetchSockets();
  socket.data.name = name;
  await socket.join(room);
  socket.emit(
    "people",
    others.map((other) => ({ id: other.id, name: other.data.name })),
  );
  socket.to(room).emit("joined", { id: socket.id, name });
  socket.on("disconnect", () => socket.to(room).emit("left", { id: socket.id }));
});
http.listen(Number(process.env.PORT), "0.0.0.0");
