import { MemoryDirectory } from "../../src/memory/memory-directory.js";
import { MemoryStore } from "../../src/memory/memory-store.js";
import { ManualClock } from "../support/manual-clock.js";
import { directoryContract } from "./directory-contract.js";

directoryContract("memory", () => {
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  return {
    directory: (nodeId) => new MemoryDirectory(store, nodeId),
    pass: (ms) => clock.advance(ms),
    loseRoom: async (roomId) => {
      store.rooms.get(roomId)?.lease.rooms.delete(roomId);
      store.rooms.delete(roomId);
    },
  };
});
