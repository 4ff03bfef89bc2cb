/** Clients that ask and never read, and messages that never end: the memory that strangers can hold is bounded. */
import { expect, test } from "vitest";
import { frame } from "../integration/gateway/raw-socket.js";
import { ServiceProcess } from "../support/service-process.js";
import { Attacker } from "./support/attacker.js";
import { figure, growthDuring } from "./support/figures.js";

const MEGABYTE = 1024 * 1024;
const SOCKETS = 60;
/** What all sockets together may have unread in this test. */
const ALLOWED = 16 * MEGABYTE;
/** The memory of a process that works hard varies by so much. */
const NOISE = 30 * MEGABYTE;
/** Nearly as much as the 4 MB for which the service ends one socket: the answers have 47 KB each. */
const QUESTIONS = Buffer.concat(Array.from({ length: 85 }, () => frame('{"id":1,"type":"getRoom"}')));

test("sockets that never read hold no more than MAX_BUFFERED_BYTES together", async () => {
  const service = await ServiceProcess.start({ MAX_BUFFERED_BYTES: String(ALLOWED), MAX_ROOM_SIZE: "1000" });
  for (let n = 0; n < 10; n += 1) {
    const member = await Attacker.session(service.port, `member-${n}`);
    await member.ask("join", { roomId: "daily", metadata: { text: "x".repeat(4_000) } });
  }
  const readers = await sockets(service, "reader");
  const usual = await growthDuring(service, async () => {
    await Promise.all(readers.map((reader) => reader.write(QUESTIONS)));
    await Promise.all(readers.map((reader) => reader.settled()));
  });
  for (const reader of readers) reader.destroy();
  const deaf = await sockets(service, "deaf");
  const last = await Attacker.session(service.port, "last");
  const growth = await growthDuring(service, async () => {
    for (const attacker of deaf) attacker.stopReading();
    await Promise.all(deaf.map((attacker) => attacker.write(QUESTIONS)));
    // The service has read what came before when it answers what comes after.
    for (let n = 0; n < 20; n += 1) await last.settled();
  });
  figure(`${SOCKETS} sockets that never read, more memory in MB`, {
    "of as many that read": usual / MEGABYTE,
    "of these": growth / MEGABYTE,
  });
  expect(growth).toBeLessThan(usual + 2 * ALLOWED + NOISE);
});

test("messages in thousands of fragments that never end hold little more than the largest honest message", async () => {
  const service = await ServiceProcess.start();
  const one = frame("x".repeat(16_000), { fin: false });
  const many = Buffer.concat([
    frame("x", { fin: false }),
    ...Array.from({ length: 15_999 }, () => frame("x", { opcode: 0, fin: false })),
  ]);
  const usual = await growthDuring(service, () => unfinished(service, one));
  const growth = await growthDuring(service, () => unfinished(service, many));
  figure(`${SOCKETS} unfinished messages of 16,000 bytes, more memory in MB`, {
    "in one fragment": usual / MEGABYTE,
    "in one-byte fragments": growth / MEGABYTE,
  });
  expect(growth).toBeLessThan(usual + NOISE);
});

async function unfinished(service: ServiceProcess, bytes: Buffer): Promise<void> {
  for (let n = 0; n < SOCKETS; n += 1) {
    const attacker = await Attacker.open(service.port);
    await attacker.write(bytes);
    // A control frame may come between fragments. Its answer says that the fragments before it have arrived.
    await attacker.pinged();
  }
}

function sockets(service: ServiceProcess, name: string): Promise<Attacker[]> {
  return Promise.all(
    Array.from({ length: SOCKETS }, (_none, n) => Attacker.session(service.port, `${name}-${n}`, { roomId: "daily" })),
  );
}
