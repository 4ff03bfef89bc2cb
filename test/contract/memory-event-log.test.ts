import { expect, test } from "vitest";
import { MemoryEventLog } from "../../src/memory/memory-event-log.js";
import { ManualClock } from "../support/manual-clock.js";
import { eventLogContract } from "./event-log-contract.js";

eventLogContract("memory", (kept) => new MemoryEventLog(new ManualClock(), kept));

test("an id of the process before is a gap, and older than all that follow", async () => {
  const clock = new ManualClock();
  const event = { type: "node_started", at: 1, nodeId: "a", sequence: 1 } as const;
  const about = { roomId: null, userId: null, sessionId: null, epoch: null };
  const [before] = await new MemoryEventLog(clock).append([{ ...event, ...about }]);
  await clock.advance(1);
  const log = new MemoryEventLog(clock);
  const [after] = await log.append([{ ...event, ...about }]);
  expect(await log.read(before?.id, 10)).toMatchObject({ gap: true, events: [after] });
  expect(Number(after?.id.split("-")[0])).toBeGreaterThan(Number(before?.id.split("-")[0]));
});
