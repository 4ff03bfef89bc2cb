/** The process with the people of one large room. */
import { answer } from "../harness/ask.js";
import { encodeText } from "../client/frames.js";
import { RawSocket } from "../client/raw-socket.js";
import { TONGUES, type System } from "./tongues.js";

export type CrowdCommands = {
  /** They come evenly over the time. Resolves when the last one is in or the server has refused it, or after so long. @returns how many are in */
  enter(crowd: { system: System; port: number; count: number; overMs: number; atMostMs: number }): Promise<number>;
  /** Every second one is gone, without a word. */
  vanish(argument: null): void;
  /** Bytes that all who are there have received so far, and how many were lost. */
  received(argument: null): { bytes: number; there: number };
};

interface Person {
  socket: RawSocket;
  /** Is in the room. False again when the server ended the connection. */
  isThere: boolean;
}

const people: Person[] = [];

const commands: CrowdCommands = {
  async enter({ system, port, count, overMs, atMostMs }) {
    const startedAt = performance.now();
    const all = Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await pause(startedAt + (overMs / count) * index - performance.now());
        await enterOne(system, port, index);
      }),
    );
    await Promise.race([all, pause(atMostMs)]);
    return people.filter(({ isThere }) => isThere).length;
  },
  vanish() {
    for (const [index, person] of people.entries()) {
      if (index % 2 === 1) continue;
      person.isThere = false;
      person.socket.reset();
    }
  },
  received() {
    const there = people.filter(({ isThere }) => isThere);
    return { bytes: there.reduce((sum, { socket }) => sum + socket.bytesRead, 0), there: there.length };
  },
};

/** Resolves when the person is in, and also when the server refuses it: then the person is not there. */
function enterOne(system: System, port: number, index: number): Promise<void> {
  const tongue = TONGUES[system];
  const { path, subprotocol, heartbeat } = tongue;
  return new Promise((resolve) => {
    const socket = new RawSocket(
      { port, path, subprotocol },
      {
        opened: () => {
          // Engine.IO begins with a word of the server.
          if (system !== "socket.io") tongue.greet(socket, index);
        },
        text: (payload) => {
          const text = payload.toString();
          if (system === "socket.io" && text.startsWith("0{")) tongue.greet(socket, index);
          if (!tongue.read(socket, text)) return;
          person.isThere = true;
          if (heartbeat) beat(person, heartbeat);
          resolve();
        },
        failed: () => {
          person.isThere = false;
          resolve();
        },
      },
    );
    const person: Person = { socket, isThere: false };
    people[index] = person;
  });
}

function beat(person: Person, { text, everyMs }: { text: string; everyMs: number }): void {
  const frame = encodeText(text);
  const timer = setInterval(() => {
    if (person.isThere) person.socket.write(frame);
    else clearInterval(timer);
  }, everyMs);
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, forMs)));
}

answer(commands);
