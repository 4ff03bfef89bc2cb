/** Many small frames: what one socket can make the service do is bounded, whatever kind of frame it sends. */
import { expect, test } from "vitest";
import { frame } from "../integration/gateway/raw-socket.js";
import { ServiceProcess } from "../support/service-process.js";
import { Attacker } from "./support/attacker.js";
import { cpuDuring, figure } from "./support/figures.js";

const batch = (one: Buffer, times = 2_000) => Buffer.concat(Array.from({ length: times }, () => one));
const FLOODS = {
  "unsolicited pongs": batch(frame("", { opcode: 10 })),
  // More at once, and ws ends the socket before it has answered any.
  pings: batch(frame("x".repeat(125), { opcode: 9 }), 20),
  heartbeats: batch(frame('{"type":"ping"}')),
  "empty messages": batch(frame("")),
  "binary messages": batch(frame("x", { opcode: 2 })),
  "empty fragments": batch(Buffer.concat([frame("{", { fin: false }), frame("}", { opcode: 0 })])),
  "requests without an answer": batch(frame('{"type":"leave"}')),
};
const FLOOD_MS = 1_500;
/** An honest client may send 400 messages at once and 50 more in each second. */
const HONEST_MESSAGES = 475;
/** Processor time of a flood, compared with that of an honest client which sends as much as it may. */
const MOST_WORK = 8;

test("a flood of small frames costs little more than an honest client that sends as much as it may", async () => {
  const service = await ServiceProcess.start();
  const honest = await Attacker.session(service.port, "honest", { roomId: "alone" });
  const usual = await cpuDuring(service, async () => {
    for (let n = 0; n < HONEST_MESSAGES; n += 1) await honest.write(frame('{"id":"n","type":"getRoom"}'));
    await honest.settled();
  });
  for (const [what, bytes] of Object.entries(FLOODS)) {
    const attacker = await Attacker.session(service.port, `flood of ${what}`.replaceAll(" ", "-"), { roomId: "daily" });
    const work = await cpuDuring(service, () => attacker.flood(bytes, FLOOD_MS));
    figure(`flood of ${what}`, {
      "processor time in ms": work,
      "in honest clients": work / usual,
      "bytes taken": attacker.bytesSent,
      "closed with": attacker.closeCode ?? "nothing",
    });
    expect.soft(work / usual, what).toBeLessThan(MOST_WORK);
    attacker.destroy();
  }
});

test("ten sockets that send unsolicited pongs are all closed", async () => {
  const service = await ServiceProcess.start();
  const attackers = await Promise.all(
    Array.from({ length: 10 }, (_none, n) => Attacker.session(service.port, `flood-${n}`)),
  );
  const work = await cpuDuring(service, () =>
    Promise.all(attackers.map((attacker) => attacker.flood(FLOODS["unsolicited pongs"], FLOOD_MS))),
  );
  const closed = attackers.filter(({ isClosed }) => isClosed).length;
  figure("ten floods of pongs", { "processor time in ms": work, "closed of 10": closed });
  expect(closed).toBe(10);
});
