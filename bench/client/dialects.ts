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
  /** The same for a client whose connection broke. @param answers what it was answered when it greeted */
  returning(answers: readonly string[]): readonly Step[];
  ping: string;
  /** How the answer to a ping begins. */
  pong: string;
  /** A question of the server to which the connection must answer to stay. */
  keepAlive: { question: string; answer: string } | undefined;
}

/** Engine.IO packet type 4 (message) around Socket.IO packet type 0 (connect). An event has type 2. */
const SOCKET_IO_CONNECT: Step = { text: () => "40", answer: "40" };

export const DIALECTS: Readonly<Record<Kind, Dialect>> = {
  ws: {
    path: "/",
    subprotocol: undefined,
    greeting: [],
    returning: () => [],
    ping: '{"type":"ping"}',
    pong: '{"type":"pong"',
    keepAlive: undefined,
  },
  "socket.io": {
    path: "/socket.io/?EIO=4&transport=websocket",
    subprotocol: undefined,
    greeting: [SOCKET_IO_CONNECT],
    returning: () => [SOCKET_IO_CONNECT],
    ping: '42["ping"]',
    pong: '42["pong"',
    keepAlive: { question: "2", answer: "3" },
  },
  lastseen: {
    path: "/ws",
    subprotocol: "lastseen.v1",
    greeting: [
      hello(),
      {
        text: (index) =>
          JSON.stringify({ id: 2, type: "join", data: { roomId: `room-${Math.floor(index / ROOM_SIZE)}` } }),
        answer: '{"id":2,"ok":true',
      },
    ],
    // The session is still in its room.
    returning: ([welcome = ""]) => {
      const { data } = JSON.parse(welcome) as { data: { sessionId: string; resumeToken: string } };
      return [hello({ sessionId: data.sessionId, resumeToken: data.resumeToken })];
    },
    ping: '{"type":"ping"}',
    pong: '{"type":"pong","v":',
    // The service probes a watched page that has said nothing for a while.
    keepAlive: { question: '{"type":"probe"}', answer: '{"type":"ping"}' },
  },
};

function hello(resume?: { sessionId: string; resumeToken: string }): Step {
  return {
    text: (index) =>
      JSON.stringify({
        id: 1,
        type: "hello",
        data: { user: { id: `user-${index}`, name: `User ${index}` }, tabId: `tab-${index}`, resume },
      }),
    answer: '{"id":1,"ok":true',
  };
}
