/** One address or one user takes all places: everybody else still gets one. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { goodToken, SECRET } from "../integration/gateway/tokens.js";
import { ServiceProcess } from "../support/service-process.js";
import { TestClient } from "../support/test-client.js";
import { Attacker } from "./support/attacker.js";
import { figure } from "./support/figures.js";

const FOREIGN = "127.0.0.66";
const STRANGER = "127.0.0.2";
const PLACES = 60;

/** How many of ten strangers can say hello. */
async function strangersLetIn(service: ServiceProcess): Promise<number> {
  let letIn = 0;
  for (let n = 0; n < 10; n += 1) {
    const stranger = await Attacker.open(service.port, { from: STRANGER });
    const reply = await stranger.ask("hello", {
      user: { id: `stranger-${n}` },
      tabId: "tab",
      token: goodToken(`stranger-${n}`),
    });
    if (reply?.includes('"ok":true')) letIn += 1;
  }
  return letIn;
}

async function openMany(service: ServiceProcess, count: number, from?: string): Promise<Attacker[]> {
  const options = from === undefined ? {} : { from };
  return Promise.all(Array.from({ length: count }, () => Attacker.open(service.port, options)));
}

const open = (attackers: Attacker[]) => attackers.filter(({ isClosed }) => !isClosed).length;
const warnings = (service: ServiceProcess) => service.log.filter(({ level }) => level >= 40).length;

test("one address that opens all connections leaves places for the others", async () => {
  const service = await ServiceProcess.start({ MAX_CONNECTIONS: String(PLACES), MAX_CONNECTIONS_PER_ADDRESS: "20" });
  const attackers = await openMany(service, 2 * PLACES, FOREIGN);
  const letIn = await strangersLetIn(service);
  figure(`one address opens ${2 * PLACES} of ${PLACES} connections`, {
    "it holds": open(attackers),
    "strangers let in of 10": letIn,
    "log lines": warnings(service),
  });
  expect(letIn).toBe(10);
  // What is refused is logged once for each address and minute.
  expect(warnings(service)).toBeLessThanOrEqual(3);
});

test("connections without a hello leave places for those that say hello", async () => {
  const service = await ServiceProcess.start({ MAX_CONNECTIONS: String(PLACES) });
  const attackers = await openMany(service, 2 * PLACES);
  const letIn = await strangersLetIn(service);
  figure(`${2 * PLACES} connections without a hello, ${PLACES} places`, {
    "they hold": open(attackers),
    "strangers let in of 10": letIn,
  });
  expect(letIn).toBe(10);
});

test("one user's token opens no more than MAX_SESSIONS_PER_USER sessions", async () => {
  const service = await ServiceProcess.start({
    AUTH_MODE: "jwt",
    JWT_SECRET: SECRET,
    MAX_CONNECTIONS: String(PLACES),
    MAX_SESSIONS_PER_USER: "10",
  });
  const token = goodToken("mallory");
  let sessions = 0;
  // One after the other: sockets that have not said hello are limited too.
  for (let n = 0; n < 40; n += 1) {
    const attacker = await Attacker.open(service.port);
    const reply = await attacker.ask("hello", { token, tabId: `tab-${n}` });
    if (reply?.includes('"ok":true')) sessions += 1;
    else attacker.destroy();
  }
  const letIn = await strangersLetIn(service);
  figure("one token says hello 40 times, 10 sessions allowed", { sessions, "strangers let in of 10": letIn });
  expect(sessions).toBe(10);
  expect(letIn).toBe(10);
});

test("half-sent HTTP requests of one address do not shut out the others", async () => {
  const service = await ServiceProcess.start({ MAX_CONNECTIONS: "400", MAX_CONNECTIONS_PER_ADDRESS: "50" });
  execFileSync("prlimit", ["--pid", String(service.pid), "--nofile=300:300"]);
  const member = await TestClient.open(service.ws);
  await member.request("hello", { user: { id: "member" }, tabId: "t" });
  const attackers = Array.from({ length: 500 }, () => Attacker.connect(service.port, FOREIGN));
  for (const attacker of attackers) await attacker.write("GET /health/live HTTP/1.1\r\nhost: localhost\r\nx: ");
  let answered = 0;
  for (let n = 0; n < 10; n += 1) {
    if (await isAlive(service)) answered += 1;
    for (const attacker of attackers) if (!attacker.isClosed) await attacker.write("x");
  }
  figure("500 half-sent HTTP requests, 300 descriptors", {
    "the address holds": open(attackers),
    "health checks answered of 10": answered,
  });
  expect(answered).toBe(10);
  expect((await member.ask("ping")).ok).toBe(true);
});

function isAlive(service: ServiceProcess): Promise<boolean> {
  return fetch(`${service.http}/health/live`, {
    signal: AbortSignal.timeout(2_000),
    headers: { connection: "close" },
  }).then(
    ({ ok }) => ok,
    () => false,
  );
}
