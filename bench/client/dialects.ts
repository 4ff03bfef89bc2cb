/** What the clients of each server say. The bytes are those that its own client library sends. */

export const KINDS = ["ws", "socket.io", "lastseen"] as const;
export type Kind = (typeof KINDS)[number];

/** How many sessions share a room. */
export const ROOM_SIZE = 10;

export interface Step {
  /** @param index number of the client */
  text(index: number): string;
  /** How the answer begins. */
  answer: string;
}

export interface Dialect {
  path: string;
  subprotocol: string | undefined;
  /** What is said and answered, step by step, before a client counts as connected. */
  greeting: readonly Step[];
  ping: string;
  /** How the answer to a ping begins. */
  pong: string;
  /** A question of the server to which the connection must answer to stay. */
  keepAlive: { question: string; answer: string } | undefined;
}

export const DIALECTS: Readonly<Record<Kind, Dialect>> = {
  ws: {
    path: "/",
    subprotocol: undefined,
    greeting: [],
    ping: '{"type":"ping"}',
    pong: '{"type":"pong"',
    keepAlive: undefined,
  },
  "socket.io": {
    path: "/socket.io/?EIO=4&transport=websocket",
    subprotocol: undefined,
    // Engine.IO packet type 4 (message) around Socket.IO packet type 0 (connect) or 2 (event).
    greeting: [{ text: () => "40", answer: "40" }],
    ping: '42["ping"]',
    pong: '42["pong"',
    keepAlive: { question: "2", answer: "3" },
  },
  lastseen: {
    path: "/ws",
    subprotocol: "lastseen.v1",
    greeting: [
      {
        text: (index) =>
          JSON.stringify({
            id: 1,
            type: "hello",
            data: { user: { id: `user-${index}`, name: `User ${index}` }, tabId: `tab-${index}` },
          }),
        answer: '{"id":1,"ok":true',
      },
      {
        text: (index) =>
          JSON.stringify({ id: 2, type: "join", data: { roomId: `room-${Math.floor(index / ROOM_SIZE)}` } }),
        answer: '{"id":2,"ok":true',
      },
    ],
    ping: '{"type":"ping"}',
    pong: '{"type":"pong","v":',
    keepAlive: undefined,
  },
};
