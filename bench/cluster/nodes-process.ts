/**
 * Many nodes of the service in one process, each with its port and its connections to Redis:
 * `nodes-process.ts <number of nodes> <REDIS_URL> <REDIS_SHARDS> <name>`. Sends its parent the URLs of the nodes.
 */
import { fileURLToPath } from "node:url";
import { buildApp } from "../../src/composition/app.js";
import { loadConfig } from "../../src/config/load.js";
import { createLogger } from "../../src/observability/logger.js";
import { freePort } from "../../test/support/free-port.js";

const CONFIG = fileURLToPath(new URL("../../config", import.meta.url));
const [count = "1", REDIS_URL = "", REDIS_SHARDS = "1", name = "node"] = process.argv.slice(2);

const urls: string[] = [];
for (let n = 1; n <= Number(count); n += 1) {
  const PORT = String(await freePort());
  const url = `http://127.0.0.1:${PORT}`;
  const env = {
    LASTSEEN_ENV: "test",
    PORT,
    PUBLIC_URL: url,
    NODE_ID: `${name}-${n}`,
    REDIS_URL,
    REDIS_SHARDS,
    SFU_WORKERS: "0",
    SFU_PORT: "0",
    WEB_PORT: "0",
    MAX_CONNECTIONS_PER_ADDRESS: "20000",
    // Everybody who comes back after a death finds their session.
    RESUME_GRACE_MS: "120000",
    // A session that moves on its own would cost Redis something, and this bench's clients do not come back.
    REBALANCE_PER_SECOND: "0",
  };
  const config = loadConfig(env, CONFIG);
  const log = createLogger({ level: "error", pretty: false, nodeId: config.NODE_ID }, process.stderr);
  await (await buildApp(config, log)).listen();
  urls.push(url);
}
process.on("disconnect", () => process.exit());
process.send?.(urls);
