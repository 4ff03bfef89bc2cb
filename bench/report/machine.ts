import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";

/** What the numbers depend on, in one line each. */
export function describeMachine(): string[] {
  const [first] = cpus();
  const memory = (totalmem() / 1024 ** 3).toFixed(1);
  // What follows names the one who built the kernel.
  const [version = ""] = release().split("-");
  return [
    `Machine: ${first?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, ${memory} GiB of memory, ${type()} ${version}`,
    `Node ${process.version}; ws ${versionOf("ws")}, socket.io ${versionOf("socket.io")}, fastify ${versionOf("fastify")}`,
  ];
}

/** How many processes wanted a core in the last minute, beside how many cores there are. */
export function describeLoad(): { text: string; busy: boolean } {
  const [lastMinute = 0] = loadavg();
  const cores = availableParallelism();
  return { text: `${lastMinute.toFixed(1)} on ${cores} cores`, busy: lastMinute > cores / 2 };
}

function versionOf(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
