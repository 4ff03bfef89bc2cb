/** The process with the clients whose heartbeats are measured. They do what the library of their system does while nothing happens. */
import { answer } from "../harness/ask.js";
import { forAll } from "../client/in-flight.js";
import { encodeFrame, encodeText, OPCODE } from "../client/frames.js";
import { RawSocket } from "../client/raw-socket.js";
import type { Tongue } from "./systems.js";

export type CrowdCommands = {
  enter(crowd: { id: string; tongue: Tongue; port: number; count: number; roomSize: number }): Promise<void>;
  /** Bytes of all sockets of one system so far. */
  traffic(id: string): Traffic;
};

export interface Traffic {
  toServer: number;
  toClients: number;
  /** Sockets that have ended. */
  lost: number;
}

/** A place in a room. */
interface Seat {
  port: number;
  room: string;
  name: string;
  /** Nobody else will be in the room. */
  isAlone: boolean;
}

const crowds = new Map<string, { sockets: RawSocket[]; lost: number }>();

const commands: CrowdCommands = {
  async enter({ id, tongue, port, count, roomSize }) {
    const crowd = { sockets: [] as RawSocket[], lost: 0 };
    crowds.set(id, crowd);
    const lost = (): void => void (crowd.lost += 1);
    await forAll(count, async (index) => {
      const seat = {
        port,
        room: `room-${Math.floor(index / roomSize)}`,
        name: `person-${index}`,
        isAlone: roomSize === 1,
      };
      crowd.sockets.push(await ENTRANCES[tongue](seat, lost));
    });
  },
  traffic(id) {
    const { sockets = [], lost = 0 } = crowds.get(id) ?? {};
    const sum = (read: (socket: RawSocket) => number): number =>
      sockets.reduce((total, socket) => total + read(socket), 0);
    return { toServer: sum((socket) => socket.bytesWritten), toClients: sum((socket) => socket.bytesRead), lost };
  },
};

const ENTRANCES: Record<Tongue, (seat: Seat, lost: () => void) => Promise<RawSocket>> = {
  lastseen: ({ port, room, name, isAlone }, lost) =>
    new Promise((resolve, reject) => {
      const ping = encodeText('{"type":"ping"}');
      const alive = encodeText('{"type":"alive"}');
      let pingMs = 0;
      let signMs = 0;
      let pingedAt = -Infinity;
      let timer: NodeJS.Timeout | undefined;
      const signIn = (ms: number): void => {
        clearTimeout(timer);
        timer = setTimeout(sign, ms);
      };
      const beat = (): void => {
        socket.write(ping);
        pingedAt = performance.now();
        signIn(signMs);
      };
      // Every second sign of life of a watched client is a ping.
      const sign = (): void => {
        if (performance.now() - pingedAt + signMs / 2 > pingMs) return beat();
        socket.write(alive);
        signIn(signMs);
      };
      const socket = new RawSocket(
        { port, path: "/ws", subprotocol: "lastseen.v1" },
        {
          opened: () => socket.write(request(1, "hello", { user: { id: name, name }, tabId: name, paced: true })),
          text(payload) {
            const { id, type, data, ok, nextMs } = JSON.parse(payload.toString()) as Frame;
            if (ok === false) reject(new Error(payload.toString()));
            if (type === "probe") beat();
            if (type === "pong" && nextMs !== undefined) signIn(Math.max(0, nextMs - (performance.now() - pingedAt)));
            if (id === 1 && data?.heartbeat) {
              const { intervalMs, watchedIntervalMs, aliveIntervalMs } = data.heartbeat;
              pingMs = isAlone ? intervalMs : watchedIntervalMs;
              signMs = isAlone ? intervalMs : aliveIntervalMs;
              socket.write(request(2, "join", { roomId: room }));
            }
            if (id !== 2) return;
            // Clients that came at the same moment must not ping at the same moment for ever.
            signIn(Math.random() * signMs);
            resolve(socket);
          },
          failed: () => {
            clearTimeout(timer);
            lost();
          },
        },
      );
    }),

  "socket.io": ({ port, room, name }, lost) =>
    new Promise((resolve) => {
      const path = "/socket.io/?EIO=4&transport=websocket";
      const socket = new RawSocket(
        { port, path, subprotocol: undefined },
        {
          opened: () => socket.write(encodeText(`40${JSON.stringify({ room, name })}`)),
          text(payload) {
            const text = payload.toString();
            if (text === "2") socket.write(encodeText("3"));
            else if (text.startsWith("40")) resolve(socket);
          },
          failed: lost,
        },
      );
    }),

  async colyseus({ port, room, name }, lost) {
    const answered = await fetch(`http://127.0.0.1:${port}/matchmake/joinOrCreate/presence`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ room, name }),
    });
    const seat = (await answered.json()) as { sessionId: string; room: { processId: string; roomId: string } };
    const path = `/${seat.room.processId}/${seat.room.roomId}?sessionId=${seat.sessionId}`;
    return new Promise((resolve) => {
      const socket = new RawSocket(
        { port, path, subprotocol: undefined },
        {
          opened: () => {},
          text: () => {},
          binary(payload) {
            if (payload[0] !== COLYSEUS_JOIN) return;
            socket.write(encodeFrame(OPCODE.binary, Buffer.from([COLYSEUS_JOIN])));
            resolve(socket);
          },
          failed: lost,
        },
      );
    });
  },
};

/** The server's welcome, and the client's answer to it. */
const COLYSEUS_JOIN = 10;

interface Frame {
  id?: number;
  type?: string;
  ok?: boolean;
  nextMs?: number;
  data?: { heartbeat?: { intervalMs: number; watchedIntervalMs: number; aliveIntervalMs: number } };
}

function request(id: number, type: string, data: object): Buffer {
  return encodeText(JSON.stringify({ id, type, data }));
}

answer(commands);
