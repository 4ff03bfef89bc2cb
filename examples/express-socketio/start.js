/**
 * Starts the backend with its page, for people with a browser. `LASTSEEN_URL` and `AGENT_TOKEN` lead to a Lastseen service elsewhere;
 * without them Lastseen is in this process.
 */
import { cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { findWorkerBinary } from "../../dist/media/workers/worker-binary.js";
import { createBackend } from "./backend.js";

const { PORT = "3000", LASTSEEN_URL, AGENT_TOKEN } = process.env;
const source = join(import.meta.dirname, "page");
const files = await mkdtemp(join(tmpdir(), "express-socketio-"));
await cp(join(source, "index.html"), join(files, "index.html"));
await build({ entryPoints: [join(source, "page.js")], bundle: true, format: "esm", outfile: join(files, "page.js") });

const backend = await createBackend({
  workerBin: findWorkerBinary()?.path,
  page: `http://localhost:${PORT}`,
  elsewhere: LASTSEEN_URL && { url: LASTSEEN_URL, token: AGENT_TOKEN },
  files,
});
backend.server.listen(Number(PORT), "127.0.0.1", () => {
  process.stdout.write(`Open http://localhost:${PORT}/?user=ann and http://localhost:${PORT}/?user=ben.\n`);
});
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => void backend.close().then(() => process.exit(0)));
