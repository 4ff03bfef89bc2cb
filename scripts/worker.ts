import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { copyWorker, provideWorker } from "./provide-worker.js";

/**
 * `npm run worker`: finds, downloads or builds the mediasoup worker and starts it once. Prints one line when it is there
 * already. `--copy-to FILE` puts a copy there as well. Exit code 1: there is none, and what to do about it.
 */
const { values } = parseArgs({ options: { "copy-to": { type: "string" } } });

const say = (line: string): void => console.log(`worker: ${line}`);
const provided = await provideWorker(say);
if (provided.kind === "ready") {
  say(`${provided.binary.path} (${provided.note})`);
  if (values["copy-to"]) copyWorker(provided.binary.path, resolve(values["copy-to"]));
} else {
  console.error(
    `worker: there is no mediasoup worker for this machine.\n${provided.reason}\n` +
      "Or name one in MEDIASOUP_WORKER_BIN; with SFU_WORKERS=0 the service runs without media.",
  );
}
// A worker that did not answer its check must not keep this process.
process.exit(provided.kind === "ready" ? 0 : 1);
