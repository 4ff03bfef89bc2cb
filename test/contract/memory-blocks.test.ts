import { MemoryBlocks } from "../../src/memory/memory-blocks.js";
import { ManualClock } from "../support/manual-clock.js";
import { blockListContract } from "./block-list-contract.js";

blockListContract("memory", () => {
  const clock = new ManualClock();
  const store = new MemoryBlocks(clock);
  return { here: store, there: store, pass: (ms) => clock.advance(ms) };
});
