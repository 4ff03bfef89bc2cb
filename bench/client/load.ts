/** The process that holds the clients of one server. Does what the bench asks it to and reports what was answered. */
import { answer } from "../harness/ask.js";
import { Client } from "./client.js";
import { DIALECTS, type Kind } from "./dialects.js";
import { pace, saturate } from "./pinging.js";

export type LoadCommands = {
  connect(target: { kind: Kind; port: number; count: number }): Promise<void>;
  greet(step: number): Promise<void>;
  pace(load: { perSecond: number; durationMs: number }): Promise<number>;
  saturate(durationMs: number): Promise<number>;
  reset(argument: null): void;
};

/** How many handshakes or greetings are under way at once. */
const IN_FLIGHT = 32;

const clients: Client[] = [];
/** How many of the clients, from the first, have taken each step of the greeting. */
const greeted: number[] = [];
let kind: Kind = "ws";

const commands: LoadCommands = {
  async connect(target) {
    kind = target.kind;
    const first = clients.length;
    await forAll(target.count, async (index) => {
      clients[first + index] = await Client.open(target.port, DIALECTS[kind]);
    });
  },
  async greet(number) {
    const step = DIALECTS[kind].greeting[number];
    if (!step) throw new Error("there is no such step");
    const first = greeted[number] ?? 0;
    await forAll(clients.length - first, async (index) => {
      await clients[first + index]?.say(step.text(first + index), step.answer);
    });
    greeted[number] = clients.length;
  },
  pace: ({ perSecond, durationMs }) => pace(clients, perSecond, durationMs),
  saturate: (durationMs) => saturate(clients, durationMs),
  reset: () => clients.forEach((client) => client.reset()),
};

/** Does something for the numbers 0 to `count` - 1, some at a time, in order. */
async function forAll(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const runner = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, runner));
}

answer(commands);
