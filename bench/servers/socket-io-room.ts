/**
 * A room with socket.io as an application writes it: whoever enters gets the list, and the others are told of each who comes and goes.
 */
import { createServer } from "node:http";
import { Server } from "socket.io";

interface Person {
  id: string;
  name: string;
}

const http = createServer((request, response) => response.end("ready"));
const server = new Server(http, { serveClient: false });
const rooms = new Map<string, Map<string, Person>>();

server.on("connection", (socket) => {
  socket.on("join", (roomId: string, name: string, entered: (people: Person[]) => void) => {
    const person = { id: socket.id, name };
    const people = rooms.get(roomId) ?? new Map<string, Person>();
    rooms.set(roomId, people.set(person.id, person));
    server.to(roomId).emit("user_joined", person);
    void socket.join(roomId);
    entered([...people.values()]);
    socket.on("disconnect", () => {
      people.delete(person.id);
      server.to(roomId).emit("user_left", person);
    });
  });
});
http.listen(Number(process.env["PORT"]), "127.0.0.1");
