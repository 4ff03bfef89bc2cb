import { expect, onTestFinished, test } from "vitest";
import { HOLD_MS } from "../../../src/reaper/sweeper.js";
import { ServiceProcess } from "../../support/service-process.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

/** The real rules run at forty times the speed, so ten minutes take fifteen seconds. */
const SPEED = 40;
const HEARTBEAT_MS = 30_000 / SPEED;
const SCALED = {
  HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS),
  AWAY_AFTER_MS: String(45_000 / SPEED),
  IDLE_TIMEOUT_MS: String(120_000 / SPEED),
  SWEEP_INTERVAL_MS: String(30_000 / SPEED),
  SOCKET_PING_INTERVAL_MS: "2000",
};
/** Log lines of one step lie less than this apart. */
const MOMENT_MS = 1_000;
const LIVE = 500;
const SILENT = 50;

async function join(service: ServiceProcess, name: string, room: string): Promise<TestClient> {
  const client = await TestClient.open(service.ws);
  onTestFinished(() => client.reset());
  await client.request("hello", { user: { id: name }, tabId: name });
  await client.request("join", { roomId: room });
  return client;
}

/** @param joined called with each client as soon as it has joined */
async function crowd(
  service: ServiceProcess,
  kind: string,
  count: number,
  joined: (client: TestClient) => void = () => {},
): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  for (let from = 0; from < count; from += 50) {
    const batch = Array.from({ length: Math.min(50, count - from) }, async (_, index) => {
      const client = await join(service, `${kind}-${from + index}`, `room-${(from + index) % 20}`);
      joined(client);
      return client;
    });
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}

/** Clients that ping from their join on, also while the service does not answer. All of them stop at the same moment. */
async function pingingCrowd(
  service: ServiceProcess,
  kind: string,
  count: number,
): Promise<{ clients: TestClient[]; fallSilent: () => void }> {
  const pinging = new Set<TestClient>();
  const timer = setInterval(() => {
    for (const { socket } of pinging) if (socket.readyState === socket.OPEN) socket.send('{"type":"ping"}');
  }, HEARTBEAT_MS);
  const fallSilent = () => clearInterval(timer);
  onTestFinished(fallSilent);
  return { clients: await crowd(service, kind, count, (client) => pinging.add(client)), fallSilent };
}

const closed = (clients: readonly TestClient[]) => clients.filter(({ closeCode }) => closeCode !== undefined);

async function health(service: ServiceProcess): Promise<object> {
  return (await (await fetch(`${service.http}/api/health`)).json()) as object;
}

/** How long an answer takes. */
async function answerMs(service: ServiceProcess): Promise<number> {
  const askedAt = performance.now();
  await health(service);
  return performance.now() - askedAt;
}

/** Checks that the service has told all silent clients that they have expired, and no live client. */
async function onlyTheSilentGo(service: ServiceProcess, live: TestClient[], silent: TestClient[]): Promise<void> {
  await until(() => closed(silent).length === silent.length);
  expect(new Set(closed(silent).map(({ closeCode }) => closeCode))).toEqual(new Set([4410]));
  expect(closed(live)).toEqual([]);
  expect(await health(service)).toMatchObject({ status: "OK", sessions: live.length, ghosts: 0 });
}

test(
  `a service that is stopped for 5 s, 60 s, 3 min and 10 min (at ${SPEED} times the speed) removes none of ${LIVE} ` +
    `live clients, and each time all of ${SILENT} silent ones`,
  { timeout: 180_000 },
  async () => {
    const service = await ServiceProcess.start(SCALED);
    const { clients: live } = await pingingCrowd(service, "live", LIVE);
    for (const seconds of [5, 60, 180, 600]) {
      const silent = await crowd(service, `silent-${seconds}`, SILENT);
      const stalls = service.log.length;
      service.signal("SIGSTOP");
      const stoppedMs = (seconds * 1_000) / SPEED;
      await new Promise((resolve) => setTimeout(resolve, stoppedMs));
      service.signal("SIGCONT");
      await onlyTheSilentGo(service, live, silent);
      // A shorter stop is no stall: what waited is read before anybody is judged.
      if (stoppedMs < 4_000) continue;
      const noticed = service.log.slice(stalls).filter(({ msg }) => msg.startsWith("the process stood still"));
      expect(Math.max(...noticed.map(({ lateMs }) => Number(lateMs)))).toBeGreaterThan(stoppedMs - 3_000);
    }
  },
);

test("a service whose event loop is busy for seven eighths of the time removes silent clients and no live ones", async () => {
  const busy =
    "setTimeout(()=>setInterval(()=>{const%20end=performance.now()+700;while(performance.now()<end);},800),5000)";
  const service = await ServiceProcess.start({
    ...SCALED,
    LOG_LEVEL: "debug",
    NODE_OPTIONS: `--import=data:text/javascript,${busy}`,
  });
  const { clients: live } = await pingingCrowd(service, "live", 200);
  await expect.poll(() => answerMs(service), { timeout: 30_000 }).toBeGreaterThan(500);
  const silent = await crowd(service, "silent", 30);
  await onlyTheSilentGo(service, live, silent);
});

test("when 60 % of the clients fall silent at once, the service waits once, then reaps them; the others stay", async () => {
  const service = await ServiceProcess.start(SCALED);
  const { clients: live } = await pingingCrowd(service, "live", 80);
  const { clients: silent, fallSilent } = await pingingCrowd(service, "silent", 120);
  fallSilent();
  await until(() => service.log.some(({ msg }) => msg.startsWith("too many sessions fell due")));
  await onlyTheSilentGo(service, live, silent);
  const waits = service.log.filter(({ msg }) => msg.startsWith("too many sessions fell due"));
  expect(waits).toHaveLength(1);
  const [waitsFrom = 0] = waits.map(({ time }) => Number(time));
  const ends = service.log.filter(({ msg }) => msg === "session ended").map(({ time }) => Number(time));
  // On a busy machine a few have fallen due before the others.
  expect(ends.filter((at) => at > waitsFrom + MOMENT_MS).length).toBeGreaterThan(30);
  expect(ends.filter((at) => at > waitsFrom + MOMENT_MS && at < waitsFrom + HOLD_MS - MOMENT_MS)).toEqual([]);
});
