import { MemoryCalls } from "../../src/memory/memory-calls.js";
import { ManualClock } from "../support/manual-clock.js";
import { callStoreContract } from "./call-store-contract.js";

callStoreContract("memory", () => {
  const clock = new ManualClock();
  const holdMs = 1_000;
  const store = new MemoryCalls(clock, holdMs);
  return { here: store, there: store, holdMs, pass: (ms) => clock.advance(ms) };
});
