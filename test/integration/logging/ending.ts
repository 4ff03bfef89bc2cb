/** A process that logs some lines and ends: by itself, or at once. */
import { createLogger } from "../../../src/observability/logger.js";

const log = createLogger({ level: "info", pretty: false, nodeId: "node" });
for (let n = 1; n <= 100; n += 1) log.info({ n }, "a line");
if (process.argv[2] === "at once") process.exit(0);
