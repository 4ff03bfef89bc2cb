/** The process that holds the clients of one server. Does what the bench asks it to and reports what was answered. */
import { answer } from "../harness/ask.js";
import { Client } from "./client.js";
import { DIALECTS, type Kind } from "./dialects.js";
import { forAll } from "./in-flight.js";
import { pace, saturate } from "./pinging.js";

export type LoadCommands = {
  connect(target: { kind: Kind; port: number; count: number }): Promise<void>;
  greet(step: number): Promise<void>;
  pace(load: { perSecond: number; durationMs: number }): Promise<number>;
  saturate(durationMs: number): Promise<number>;
  storm(port: number): Promise<number>;
  reset(argument: null): void;
};

const clients: Client[] = [];
/** What each client was answered, step by step. */
const answers: string[][] = [];
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
      const answered = await clients[first + index]?.say(step.text(first + index), step.answer);
      (answers[first + index] ??= [])[number] = answered ?? "";
    });
    greeted[number] = clients.length;
  },
  pace: ({ perSecond, durationMs }) => pace(clients, perSecond, durationMs),
  saturate: (durationMs) => saturate(clients, durationMs),
  /** All connections break at once, and all clients come back at once. Returns after how many milliseconds the last one is back. */
  async storm(port) {
    const startedAt = performance.now();
    for (const client of clients) client.reset();
    await Promise.all(
      clients.map(async (_gone, index) => {
        const client = await Client.open(port, DIALECTS[kind]);
        clients[index] = client;
        for (const step of DIALECTS[kind].returning(answers[index] ?? []))
          await client.say(step.text(index), step.answer);
      }),
    );
    return performance.now() - startedAt;
  },
  reset: () => clients.forEach((client) => client.reset()),
};

answer(commands);
