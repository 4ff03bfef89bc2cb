/** Messages of 64 KB that are wrong in 32,000 places, or nested 30,000 deep: the service must not work through them. */
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { frame } from "../integration/gateway/raw-socket.js";
import { ServiceProcess } from "../support/service-process.js";
import { Attacker } from "./support/attacker.js";
import { cpuDuring, figure, timesSlower } from "./support/figures.js";
import { Stranger } from "./support/stranger.js";

const message = (type: string, data: string) => frame(`{"type":"${type}","data":${data}}`);
const ATTACKS = {
  "32,000 wrong items": message("watchStatus", `{"userIds":[${"0,".repeat(32_000)}0]}`),
  "30,000 nested lists": message("setMetadata", `{"metadata":{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}}`),
  "10,000 nested objects": message("setMetadata", `{"metadata":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`),
  "5,000 wrong keys": message(
    "hello",
    `{"user":{${Array.from({ length: 5_000 }, (_none, n) => `"k${n}":1`).join(",")}}}`,
  ),
};
const HONEST = message("setMetadata", `{"metadata":{"text":"${"x".repeat(4_000)}"}}`);
/** Below the 100 wrong messages in a row that end a socket. */
const TIMES = 60;
/** Processor time for one byte, compared with a byte of the largest honest message. */
const MOST_PER_BYTE = 4;
const MOST_SLOWER = 10;

async function costPerByte(service: ServiceProcess, attacker: Attacker, bytes: Buffer, times: number): Promise<number> {
  const cpu = await cpuDuring(service, async () => {
    await attacker.repeat(bytes, times);
    await attacker.settled();
  });
  return cpu / (bytes.length * times);
}

test("a byte of a wrong message costs little more than a byte of an honest one, before and after hello", async () => {
  const service = await ServiceProcess.start();
  const honest = await Attacker.session(service.port, "honest", { roomId: "alone" });
  await costPerByte(service, honest, HONEST, 100);
  const usual = await costPerByte(service, honest, HONEST, 250);
  for (const [what, bytes] of Object.entries(ATTACKS)) {
    const stranger = await Attacker.open(service.port);
    const before = (await costPerByte(service, stranger, bytes, TIMES)) / usual;
    const member = await Attacker.session(service.port, "mallory", { roomId: "daily" });
    const after = (await costPerByte(service, member, bytes, TIMES)) / usual;
    figure(`${what}, processor time per byte in honest bytes`, { "before hello": before, "after hello": after });
    expect.soft(before, `${what}, before hello`).toBeLessThan(MOST_PER_BYTE);
    expect.soft(after, `${what}, after hello`).toBeLessThan(MOST_PER_BYTE);
  }
});

test("a stranger's pong comes in time while others send a megabyte of wrong messages twice a second", async () => {
  const service = await ServiceProcess.start();
  const stranger = await Stranger.start(service);
  const quiet = await stranger.quiet();
  const bytes = ATTACKS["32,000 wrong items"];
  const attacked = await stranger.during(async () => {
    for (let burst = 0; burst < 6; burst += 1) {
      const attacker = await Attacker.open(service.port);
      await Promise.all([attacker.repeat(bytes, 16), delay(500)]);
    }
  });
  figure("1 MB of wrong messages twice a second, pong in ms", {
    "p50 quiet": quiet.p50,
    "p50 attacked": attacked.p50,
    "p99 quiet": quiet.p99,
    "p99 attacked": attacked.p99,
  });
  expect(timesSlower(attacked.p50, quiet.p50)).toBeLessThan(MOST_SLOWER);
  expect(timesSlower(attacked.p99, quiet.p99)).toBeLessThan(3 * MOST_SLOWER);
});
