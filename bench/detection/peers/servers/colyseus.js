/** A room with presence on Colyseus; all deadlines are the defaults, without `allowReconnection`, which an application must ask for. */
import { createServer } from "node:http";
import { Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";

class Presence extends Room {
  onCreate() {
    // The room also waits for the next person when nobody is in it.
    this.autoDispose = false;
  }

  onJoin(client, { name }) {
    client.userData = { name };
    const others = this.clients.filter((other) => other !== client);
    client.send(
      "people",
      others.map((other) => ({ id: other.sessionId, name: other.userData.name })),
    );
    this.broadcast("joined", { id: client.sessionId, name }, { except: client });
  }

  onLeave(client) {
    this.broadcast("left", { id: client.sessionId });
  }
}

/** The bench of heartbeats also measures the server without them; without the variable it is the library's default. */
const { PING_INTERVAL_MS: interval } = process.env;
const pings = interval === undefined ? {} : { pingInterval: Number(interval) };
const transport = new WebSocketTransport({ server: createServer(), ...pings });
const server = new Server({ greet: false, transport });
server.define("presence", Presence).filterBy(["room"]);
await server.listen(Number(process.env.PORT), "0.0.0.0");
