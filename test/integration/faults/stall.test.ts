import { expect, onTestFinished, test } from "vitest";
import { ServiceProcess } from "../../support/service-process.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

/** The real rules at thirty times the speed. */
const SCALED = {
  HEARTBEAT_INTERVAL_MS: "1000",
  AWAY_AFTER_MS: "1500",
  IDLE_TIMEOUT_MS: "4000",
  SWEEP_INTERVAL_MS: "1000",
  SOCKET_PING_INTERVAL_MS: "2000",
};
const LIVE = 500;
const SILENT = 40;

async function join(service: ServiceProcess, name: string, room: string): Promise<TestClient> {
  const client = await TestClient.open(service.ws);
  onTestFinished(() => client.socket.terminate());
  await client.request("hello", { user: { id: name }, tabId: name });
  await client.request("join", { roomId: room });
  return client;
}

async function crowd(service: ServiceProcess, kind: string, count: number): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  for (let from = 0; from < count; from += 50) {
    const batch = Array.from({ length: Math.min(50, count - from) }, (_, index) =>
      join(service, `${kind}-${from + index}`, `room-${(from + index) % 20}`),
    );
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}

/** Keeps them pinging, whatever the service does, until the test is finished. */
function keepPinging(clients: readonly TestClient[]): void {
  const timer = setInterval(() => {
    for (const { socket } of clients) if (socket.readyState === socket.OPEN) socket.send('{"type":"ping"}');
  }, 1_000);
  onTestFinished(() => clearInterval(timer));
}

const closed = (clients: readonly TestClient[]) => clients.filter(({ closeCode }) => closeCode !== undefined);

test.each([2, 6, 15])(
  `a service that is stopped for %i s throws out none of ${LIVE} live clients and all of ${SILENT} silent ones`,
  { timeout: 120_000 },
  async (seconds) => {
    const service = await ServiceProcess.start(SCALED);
    const live = await crowd(service, "live", LIVE);
    keepPinging(live);
    const silent = await crowd(service, "silent", SILENT);
    service.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    service.signal("SIGCONT");
    await until(() => closed(silent).length === SILENT, 30_000);
    expect(closed(silent).map(({ closeCode }) => closeCode)).toEqual(Array.from({ length: SILENT }, () => 4410));
    expect(closed(live)).toEqual([]);
    const health = (await (await fetch(`${service.http}/api/health`)).json()) as object;
    expect(health).toMatchObject({ status: "OK", sessions: LIVE, ghosts: 0 });
    const stalled = service.log.filter(({ msg }) => msg.startsWith("the process stood still"));
    expect(Math.max(...stalled.map(({ lateMs }) => Number(lateMs)))).toBeGreaterThan((seconds - 1) * 1_000);
  },
);

test("when 60 % fall silent at once the service waits once, then reaps them, and the others stay", async () => {
  const service = await ServiceProcess.start(SCALED);
  const live = await crowd(service, "live", 80);
  keepPinging(live);
  const silent = await crowd(service, "silent", 120);
  await until(() => service.log.some(({ msg }) => msg.startsWith("too many sessions fell due")), 30_000);
  expect(closed(silent)).toEqual([]);
  await until(() => closed(silent).length === 120, 30_000);
  expect(closed(live)).toEqual([]);
});
