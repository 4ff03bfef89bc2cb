/** The process that holds the clients of one server. Does what the bench asks it to and reports what was answered. */
import { answer } from "../harness/ask.js";
import { Client, RefusedError } from "./client.js";
import { DIALECTS, type Kind } from "./dialects.js";
import { forAll } from "./in-flight.js";
import { pace, saturate } from "./pinging.js";

export type LoadCommands = {
  connect(target: { kind: Kind; port: number; count: number }): Promise<void>;
  greet(step: number): Promise<void>;
  pace(load: { perSecond: number; durationMs: number }): Promise<number>;
  saturate(durationMs: number): Promise<number>;
  storm(port: number): Promise<Storm>;
  reset(argument: null): void;
};

/** All connections break at once, and all clients come back at once. */
export interface Storm {
  /** Until the last one is back, milliseconds. */
  backMs: number;
  /** Clients whose session was over when they came. */
  thrownOut: number;
}

/** How long a client waits before it tries again, and how often it tries. */
const AGAIN_MS = 1_000;
const MOST_ATTEMPTS = 30;

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
  async storm(port) {
    const startedAt = performance.now();
    let thrownOut = 0;
    for (const client of clients) client.reset();
    await Promise.all(
      clients.map(async (_gone, index) => {
        const client = await openAtLast(port);
        clients[index] = client;
        for (const step of DIALECTS[kind].returning(answers[index] ?? []))
          await client.say(step.text(index), step.answer).catch((error: unknown) => {
            if (!(error instanceof RefusedError)) throw error;
            thrownOut += 1;
          });
      }),
    );
    return { backMs: performance.now() - startedAt, thrownOut };
  },
  reset: () => clients.forEach((client) => client.reset()),
};

/** Opens a connection. A server whose queue is full may reset it, and then the client tries again. */
async function openAtLast(port: number): Promise<Client> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await Client.open(port, DIALECTS[kind]);
    } catch (error) {
      if (attempt === MOST_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

answer(commands);
