import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPeers } from "./npm.js";
import type { Subject } from "./subject.js";

const MANIFEST = fileURLToPath(new URL("../../../package.json", import.meta.url));

/** The built service with the deadlines of `config/default.json`, without media workers, and with a file that keeps its sessions over a restart. */
export function lastseen(main: string): Subject {
  return {
    id: "lastseen",
    title: "Lastseen",
    knowsAway: true,
    // Its client uses the WebSocket that the others' clients use.
    prepare: () => (existsSync(main) ? installPeers() : "it is not built: `npm run -s build`"),
    version: () => (JSON.parse(readFileSync(MANIFEST, "utf8")) as { version: string }).version,
    server: (port) => ({
      command: process.execPath,
      args: [main],
      env: {
        LASTSEEN_ENV: "test",
        HOST: "0.0.0.0",
        PORT: String(port),
        WEB_PORT: "0",
        SFU_PORT: "0",
        SFU_WORKERS: "0",
        LOG_LEVEL: "error",
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        // All people of the measurement have one address.
        MAX_CONNECTIONS_PER_ADDRESS: "10000",
        RESTART_FILE: join(tmpdir(), `lastseen-bench-${process.pid}-${port}.json`),
      },
    }),
    url: (host, port) => `http://${host}:${port}`,
    async isReady(port) {
      try {
        return (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok;
      } catch {
        return false;
      }
    },
  };
}
