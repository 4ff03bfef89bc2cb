/**
 * Measures how many events a node delivers to a backend that needs 50 ms for each request: one event in a request, and
 * batches. Events go through a real Redis and over real HTTP to a backend in another process. Prints a table.
 *
 *     npm run bench:webhooks -- [--seconds 20] [--rate 2000]
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Emitter } from "../src/kernel/emitter.js";
import { systemClock } from "../src/kernel/clock.js";
import { RedisStore } from "../src/redis/redis-store.js";
import type { LifecycleEvents } from "../src/session/events.js";
import { httpSender } from "../src/webhook/http-sender.js";
import { Webhooks } from "../src/webhook/webhooks.js";
import { freePort } from "../test/support/free-port.js";
import { RedisServer } from "../test/support/redis-server.js";
import { until } from "../test/support/until.js";
import { WEBHOOK_SECRET } from "../test/support/secrets.js";
import { describeLoad, describeMachine } from "./report/machine.js";
import { table } from "./report/table.js";

const BACKEND = fileURLToPath(new URL("servers/webhook-backend.ts", import.meta.url));
const ANSWER_MS = 50;
/** Calls that events are about. Those of one call must arrive in order. */
const CALLS = 1_000;
const TICK_MS = 20;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "20" }, rate: { type: "string", default: "2000" } },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);

interface Received {
  events: number;
  requests: number;
  misordered: number;
}

interface Measured {
  delivered: number;
  perRequest: number;
  waiting: number;
  dropped: number;
  misordered: number;
  /** Milliseconds of this process for an event. */
  cpuMs: number;
}

const failed = (error: unknown): never => {
  throw error;
};
const say = (text: string): void => console.error(text);
const redis = await RedisServer.start();
try {
  const rows = [];
  for (const [title, batch, offered] of [
    ["one event in a request", 1, rate],
    ["batches of up to 100", 100, rate],
    ["batches of up to 100, as many events as there can be", 100, Infinity],
  ] as const) {
    say(title);
    const { delivered, perRequest, waiting, dropped, misordered, cpuMs } = await measure(batch, offered);
    const each = Number.isFinite(offered) ? String(offered) : "all";
    const counts = [waiting, dropped, misordered].map(String);
    rows.push([title, each, delivered.toFixed(0), perRequest.toFixed(1), ...counts, cpuMs.toFixed(2)]);
  }
  const head = [
    "",
    "offered a second",
    "delivered a second",
    "in a request",
    "wait",
    "dropped",
    "not in order",
    "CPU ms",
  ];
  console.log([...describeMachine(), `Load: ${describeLoad().text}`, table(head, rows)].join("\n"));
} finally {
  await redis.stop();
}

/** @param offered events in a second */
async function measure(batch: number, offered: number): Promise<Measured> {
  const port = await freePort();
  const backend = fork(BACKEND, { env: { ...process.env, PORT: String(port), ANSWER_MS: String(ANSWER_MS) } });
  await once(backend, "message");
  const url = `http://127.0.0.1:${port}/`;
  const store = new RedisStore({ url: redis.url, prefix: `bench-${port}`, onListenerError: failed });
  await until(() => store.state === "up");
  const clock = systemClock;
  const webhooks = new Webhooks({
    clock,
    nodeId: "bench",
    log: store.events("bench"),
    send: httpSender({ url, secrets: [WEBHOOK_SECRET], batches: batch > 1, limitMs: 10_000, clock }),
    random: Math.random,
    listenerFailed: failed,
    limits: { batch },
  });
  let dropped = 0;
  webhooks.events.on("dropped", ({ count }) => (dropped += count));
  const lifecycle = new Emitter<LifecycleEvents>(failed);
  webhooks.follow(lifecycle, () => false, true);
  try {
    const startedAt = performance.now();
    const cpu = process.cpuUsage();
    await offer(lifecycle, webhooks, offered);
    const took = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const received = (await (await fetch(url)).json()) as Received;
    return {
      delivered: received.events / took,
      perRequest: received.events / received.requests,
      waiting: webhooks.size,
      dropped,
      misordered: received.misordered,
      cpuMs: (user + system) / 1000 / received.events,
    };
  } finally {
    await stop(backend);
    await webhooks.close();
    await store.close();
  }
}

/** Emits events at this rate; when it is infinite, as many as keep the queue filled. */
async function offer(lifecycle: Emitter<LifecycleEvents>, webhooks: Webhooks, offered: number): Promise<void> {
  const startedAt = performance.now();
  let told = 0;
  for (let passed = 0; passed < seconds * 1_000; passed = performance.now() - startedAt) {
    const due = Number.isFinite(offered) ? (offered * passed) / 1_000 : told + Math.max(0, 20_000 - webhooks.size);
    for (; told < due; told += 1) lifecycle.emit("call_finished", { callId: `call-${told % CALLS}`, outcome: "ended" });
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

async function stop(backend: ChildProcess): Promise<void> {
  const ended = once(backend, "exit");
  backend.kill();
  await ended;
}
