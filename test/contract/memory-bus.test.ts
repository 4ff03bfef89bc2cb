import { MemoryBus, MemoryHub } from "../../src/memory/memory-bus.js";
import { until } from "../support/until.js";
import { busContract } from "./bus-contract.js";

busContract("memory", () => {
  const hub = new MemoryHub();
  const errors: unknown[] = [];
  return {
    open: async (nodeId) => new MemoryBus(hub, nodeId, (error) => errors.push(error)),
    until,
    errors,
  };
});
