/** A room with presence on Socket.IO, as its documentation builds one; all deadlines are the defaults. */
import { createServer } from "node:http";
import { Server } from "socket.io";

const PAGE = `<!doctype html><title>Socket.IO</title><script src="/socket.io/socket.io.js"></script><script>
  const { room, name } = Object.fromEntries(new URLSearchParams(location.search));
  io({ auth: { room, name } });
</script>`;

/** Another page of the same site, for somebody who leaves the first. */
const ELSEWHERE = "<!doctype html><title>Elsewhere</title>";

const http = createServer(({ url }, response) =>
  response.setHeader("content-type", "text/html").end(url.startsWith("/?") ? PAGE : ELSEWHERE),
);
/** The bench of heartbeats sets them; without these variables they are the library's defaults. */
const { PING_INTERVAL_MS: interval, PING_TIMEOUT_MS: timeout } = process.env;
const io = new Server(http, {
  ...(interval === undefined ? {} : { pingInterval: Number(interval) }),
  ...(timeout === undefined ? {} : { pingTimeout: Number(timeout) }),
});

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
