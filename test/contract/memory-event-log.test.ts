import { expect, test } from "vitest";
import { MemoryDirectory } from "../../src/memory/memory-directory.js";
import { MemoryEventLog } from "../../src/memory/memory-event-log.js";
import { MemoryEvents } from "../../src/memory/memory-events.js";
import { MemoryStore } from "../../src/memory/memory-store.js";
import { QUIET_MS } from "../../src/ports/event-log.js";
import { ManualClock } from "../support/manual-clock.js";
import { eventLogContract } from "./event-log-contract.js";

eventLogContract("memory", (kept) => {
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  const events = new MemoryEvents(store, kept);
  return {
    directory: (nodeId) => new MemoryDirectory(store, nodeId),
    log: (nodeId) => new MemoryEventLog(events, nodeId),
    quietMs: QUIET_MS,
    pass: (ms) => clock.advance(ms),
  };
});

test("an id of the process before is a gap, and less than all ids of this process", async () => {
  const clock = new ManualClock();
  const open = () => new MemoryEventLog(new MemoryEvents(new MemoryStore(clock)), "a");
  const event = { type: "node_started", at: 1, nodeId: "a", sequence: 1 } as const;
  const about = { roomId: null, userId: null, sessionId: null, epoch: null };
  const [before] = await open().append([{ ...event, ...about }]);
  await clock.advance(1);
  const log = open();
  const [after] = await log.append([{ ...event, ...about }]);
  expect(await log.read(before?.id, 10)).toMatchObject({ gap: true, events: [after] });
  expect(Number(after?.id.split("-")[0])).toBeGreaterThan(Number(before?.id.split("-")[0]));
});
