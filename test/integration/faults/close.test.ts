import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { startService, type LogLine } from "../../support/service.js";
import { ServiceProcess } from "../../support/service-process.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

/** The service stops within this time. A process manager would kill it later. */
const BOUND_MS = 10_000;
const CLIENTS = 20;

function stopWorker(log: readonly LogLine[]): void {
  const [started] = log.filter(({ msg }) => msg === "media worker started");
  process.kill(Number(started?.["pid"]), "SIGSTOP");
}

/** A person in a room with a transport. A stopped worker will not report the end of this transport. */
async function withMedia(url: string, userId: string): Promise<TestClient> {
  const client = await TestClient.open(url);
  await client.request("hello", { tabId: userId, user: { id: userId } });
  await client.request("join", { roomId: "daily" });
  await client.request("createTransport", { direction: "send" });
  return client;
}

/** Checks that the service told all clients to come back at different moments and closed them with the code for a restart. */
async function wereSentAway(clients: readonly TestClient[]): Promise<void> {
  const delays = new Set<number>();
  for (const client of clients) {
    expect(await client.closed()).toBe(1012);
    const [told] = client.events("server_closing");
    expect(told?.reconnectAfterMs).toBeGreaterThanOrEqual(0);
    delays.add(told?.reconnectAfterMs ?? -1);
  }
  expect(delays.size).toBeGreaterThan(CLIENTS / 2);
}

describe.skipIf(noMediaReason)("a service that stops while its worker stands still and a client does not read", () => {
  test(needsMedia("tells the other clients and ends its process in time, with code 0"), async () => {
    const service = await ServiceProcess.start({ SFU_WORKERS: "1" });
    const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => withMedia(service.ws, `user-${n}`)));
    const deaf = await withMedia(service.ws, "deaf");
    deaf.socket.pause();
    stopWorker(service.log);
    const stoppedAt = performance.now();
    service.signal("SIGTERM");
    await wereSentAway(clients);
    expect(await service.ended()).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(BOUND_MS);
    deaf.reset();
  });

  test(needsMedia("leaves no handle, no session and no worker in its process"), async () => {
    const service = await startService({ SFU_WORKERS: "1" });
    const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => withMedia(service.ws, `user-${n}`)));
    const deaf = await withMedia(service.ws, "deaf");
    deaf.socket.pause();
    stopWorker(service.log);
    const stoppedAt = performance.now();
    await service.app.close();
    expect(performance.now() - stoppedAt).toBeLessThan(BOUND_MS);
    await wereSentAway(clients);
    expect(service.app.registry.size).toBe(0);
    expect(service.app.media.counts()).toMatchObject({ workers: 0, router: 0, transport: 0 });
    const ended = once(deaf.socket, "close");
    deaf.reset();
    await ended;
    // A timer of `expect.poll` would be one of them.
    await until(() => handles().length === 0);
    expect(service.log.filter(({ level }) => level >= 50)).toEqual([]);
  });
});

test("a service that stops does not wait for connections that a browser has opened and never used", async () => {
  const service = await startService();
  const unused = connect(Number(new URL(service.http).port), "127.0.0.1");
  await once(unused, "connect");
  // The answer on a second connection proves that the service has accepted the first one.
  await service.get("/api/health");
  const cut = once(unused, "close");
  await service.app.close();
  await cut;
});

/** The handles of a service that keep a process running: sockets, servers, child processes and their pipes. */
function handles(): string[] {
  const kinds = /^(TCP|UDP|Process|Timeout$|HTTP)/;
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kinds.test(kind))
    .toSorted();
}
