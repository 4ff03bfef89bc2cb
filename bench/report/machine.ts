import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";

/** What the numbers depend on, in one line each. */
export function describeMachine(): string[] {
  const [first] = cpus();
  const memory = (totalmem() / 1024 ** 3).toFixed(1);
  return [
    `Machine: ${first?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, ${memory} GiB of memory, ${type()} ${release()}`,
    `Node ${process.version}; ws ${versionOf("ws")}, socket.io ${versionOf("socket.io")}, fastify ${versionOf("fastify")}, @fastify/websocket ${versionOf("@fastify/websocket")}`,
  ];
}

function versionOf(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
