/** A process that logs much more than its reader takes. It tells its parent when it has logged everything. */
import { createLogger } from "../../../src/observability/logger.js";

const log = createLogger({ level: "info", pretty: false, nodeId: "node" });
const LINES = 40_000;
const IN_A_TURN = 500;
const padding = "x".repeat(800);

async function talk(): Promise<void> {
  for (let n = 1; n <= LINES; n += 1) {
    log.info({ n, padding }, "a line");
    if (n % IN_A_TURN === 0) await new Promise(setImmediate);
  }
  process.send?.({ logged: LINES });
}

process.once("message", () => {
  log.info("the end");
  process.disconnect();
});
await talk();
