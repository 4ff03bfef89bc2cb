import type { Client } from "./client.js";

/** Pongs may be this late before the measurement is given up. */
const LATEST_PONG_MS = 10_000;

/**
 * Lets one client after the other ping, at a steady rate. Many clients with their own timers cause the same load. Resolves
 * with the number of pings when all of them were answered.
 */
export async function pace(clients: readonly Client[], perSecond: number, durationMs: number): Promise<number> {
  const total = Math.round((perSecond * durationMs) / 1000);
  let sent = 0;
  let answered = 0;
  await finished((done) => {
    for (const client of clients) {
      client.onPong = () => {
        answered += 1;
        if (answered === total) done();
      };
    }
    const startedAt = performance.now();
    const tick = (): void => {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1000));
      for (; sent < due; sent += 1) clients[sent % clients.length]?.ping();
      if (sent < total) setTimeout(tick, 1);
    };
    tick();
  }, durationMs);
  return answered;
}

/**
 * Every client pings again as soon as it gets the answer. Resolves with the number of pings when all of them were answered.
 */
export async function saturate(clients: readonly Client[], durationMs: number): Promise<number> {
  let answered = 0;
  let waiting = clients.length;
  const until = performance.now() + durationMs;
  await finished((done) => {
    for (const client of clients) {
      client.onPong = () => {
        answered += 1;
        if (performance.now() < until) {
          client.ping();
          return;
        }
        waiting -= 1;
        if (waiting === 0) done();
      };
      client.ping();
    }
  }, durationMs);
  return answered;
}

function finished(begin: (done: () => void) => void, durationMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("pings were not answered")), durationMs + LATEST_PONG_MS);
    begin(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
