/** What a client of each system says to be in a room, and what it answers. The bytes are those of its own client library. */
import type { RawSocket } from "../client/raw-socket.js";
import { encodeText } from "../client/frames.js";

export const SYSTEMS = ["lastseen", "audience", "socket.io"] as const;
/** `audience`: Lastseen, with clients that all join as audience. */
export type System = (typeof SYSTEMS)[number];

const ROOM = "hall";
/** As often as the service asks a watched client to ping. */
const PING_MS = 8_000;

export interface Tongue {
  path: string;
  subprotocol: string | undefined;
  /** Says the first words. */
  greet(socket: RawSocket, index: number): void;
  /** Reads a frame. @returns whether the client is in the room now */
  read(socket: RawSocket, text: string): boolean;
  /** What the client sends by itself while it is in the room, and how often. */
  heartbeat: { text: string; everyMs: number } | undefined;
}

const say = (socket: RawSocket, frame: object): void => socket.write(encodeText(JSON.stringify(frame)));

function lastseen(join: object): Tongue {
  return {
    path: "/ws",
    subprotocol: "lastseen.v1",
    greet(socket, index) {
      const user = { id: `user-${index}`, name: `User ${index}` };
      say(socket, { id: 1, type: "hello", data: { user, tabId: `tab-${index}` } });
    },
    read(socket, text) {
      if (text === '{"type":"probe"}') say(socket, { type: "ping" });
      else if (text.startsWith('{"id":1,')) say(socket, { id: 2, type: "join", data: { roomId: ROOM, ...join } });
      else if (text.startsWith('{"id":2,"ok":true') || text.startsWith('{"id":3,')) {
        const after = nextOf(text);
        if (after !== undefined) say(socket, { id: 3, type: "getParticipants", data: { after } });
        return text.startsWith('{"id":2,');
      }
      return false;
    },
    heartbeat: { text: '{"type":"ping"}', everyMs: PING_MS },
  };
}

/** Where the list goes on, which the answer to `join` and a page say at different places. */
function nextOf(text: string): string | undefined {
  return /"next":"(\d+)"/.exec(text)?.[1];
}

export const TONGUES: Readonly<Record<System, Tongue>> = {
  lastseen: lastseen({}),
  audience: lastseen({ role: "audience" }),
  "socket.io": {
    path: "/socket.io/?EIO=4&transport=websocket",
    subprotocol: undefined,
    greet: (socket) => socket.write(encodeText("40")),
    read(socket, text) {
      if (text === "2") socket.write(encodeText("3"));
      else if (text.startsWith("40")) socket.write(encodeText(`421["join","${ROOM}","User"]`));
      return text.startsWith("431");
    },
    heartbeat: undefined,
  },
};
