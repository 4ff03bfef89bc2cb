import { MemoryBlockedCallers } from "../../src/memory/memory-blocked-callers.js";
import { MemoryCalls } from "../../src/memory/memory-calls.js";
import { ManualClock } from "../support/manual-clock.js";
import { callStoreContract, MOST_RINGS, RING_WINDOW_MS } from "./call-store-contract.js";

callStoreContract("memory", () => {
  const clock = new ManualClock();
  const holdMs = 1_000;
  const blocked = new MemoryBlockedCallers();
  const store = new MemoryCalls(clock, { holdMs, mostRings: MOST_RINGS, ringWindowMs: RING_WINDOW_MS }, blocked);
  return { blocked, here: store, there: store, holdMs, pass: (ms) => clock.advance(ms) };
});
