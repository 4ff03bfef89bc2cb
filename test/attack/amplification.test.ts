/** Small questions with large answers: the bytes that the service sends are bounded, not only those that it receives. */
import { setInterval } from "node:timers/promises";
import { expect, test } from "vitest";
import { frame } from "../integration/gateway/raw-socket.js";
import { ServiceProcess } from "../support/service-process.js";
import { Attacker } from "./support/attacker.js";
import { figure } from "./support/figures.js";

const PEOPLE = 100;
const METADATA = { text: "x".repeat(4_000) };
const FOR_MS = 3_000;
/** The rate that `MAX_MESSAGES_PER_SECOND` allows. */
const MESSAGE_EVERY_MS = 20;
/** Bursts of 4 MB, and 1 MB in each second; one more answer may be under way. */
const ALLOWED_BYTES = 4_000_000 + (FOR_MS / 1_000) * 1_000_000;
/** Bursts of 10 changes, and 5 in each second. */
const ALLOWED_CHANGES = 10 + (FOR_MS / 1_000) * 5;
/** A busy machine makes the time of a test longer. */
const TOLERANCE = 1.5;

async function fullRoom(service: ServiceProcess): Promise<Attacker[]> {
  const people: Attacker[] = [];
  for (let n = 0; n < PEOPLE; n += 1) {
    const person = await Attacker.session(service.port, `person-${n}`);
    await person.ask("join", { roomId: "daily", metadata: METADATA });
    people.push(person);
  }
  return people;
}

/** Sends as many messages as the rate allows. @returns how many */
async function asFastAsAllowed(attacker: Attacker, message: (n: number) => string): Promise<number> {
  let sent = 0;
  for await (const end of setInterval(MESSAGE_EVERY_MS, performance.now() + FOR_MS)) {
    if (performance.now() >= end || attacker.isClosed) break;
    await attacker.write(frame(message(sent)));
    sent += 1;
  }
  await attacker.settled();
  return sent;
}

test("getRoom in a room of 100 gives one session no more than 1 MB/s", async () => {
  const service = await ServiceProcess.start();
  const [attacker] = await fullRoom(service);
  if (!attacker) throw new Error("nobody is there");
  const { bytesReceived, bytesSent } = attacker;
  const sent = await asFastAsAllowed(attacker, () => '{"id":1,"type":"getRoom"}');
  const out = attacker.bytesReceived - bytesReceived;
  figure("getRoom in a room of 100", {
    questions: sent,
    "MB out per second": out / FOR_MS / 1_000,
    "bytes out per byte in": out / (attacker.bytesSent - bytesSent),
  });
  expect(out / ALLOWED_BYTES).toBeLessThan(TOLERANCE);
});

test("of many changes of metadata, the others get a few in each second and the last one", async () => {
  const service = await ServiceProcess.start();
  const [attacker, witness, ...others] = await fullRoom(service);
  if (!attacker || !witness) throw new Error("nobody is there");
  const everybody = [witness, ...others];
  const received = () => everybody.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
  const { bytesSent } = attacker;
  const before = received();
  const sent = await asFastAsAllowed(attacker, (n) =>
    JSON.stringify({ type: "setMetadata", data: { metadata: { ...METADATA, n } } }),
  );
  const last = `"n":${sent - 1}`;
  await expect.poll(async () => (await witness.ask("getRoom"))?.includes(last), { timeout: 10_000 }).toBe(true);
  const changes = witness.events.get("metadata_changed") ?? 0;
  figure("setMetadata in a room of 100", {
    changes: sent,
    "told to each of the others": changes,
    "MB out per second": (received() - before) / FOR_MS / 1_000,
    "bytes out per byte in": (received() - before) / (attacker.bytesSent - bytesSent),
  });
  expect(changes / ALLOWED_CHANGES).toBeLessThan(TOLERANCE);
});
