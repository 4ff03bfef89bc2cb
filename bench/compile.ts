import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Kind } from "./client/dialects.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Below `node_modules`, so that what is compiled finds the libraries and nothing else has to be ignored. */
const OUTPUT = join(HERE, "..", "node_modules", ".cache", "lastseen-bench");

/** How programs are compiled that run without a loader. */
export const COMPILED = {
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
} as const;

/** Where the programs are that the bench starts: plain JavaScript, so that no loader is measured with them. */
export interface Programs {
  directory: string;
  servers: Readonly<Record<Kind, string>>;
  load: string;
  meter: string;
  expiry: string;
  /** The clients whose heartbeats are measured. */
  crowd: string;
  /** A room with socket.io, and the people in a large room of any system. */
  roomServer: string;
  roomCrowd: string;
}

/** @param main the built service, `dist/main.js` */
export async function compilePrograms(main: string): Promise<Programs> {
  await mkdir(OUTPUT, { recursive: true });
  const output = (name: string): string => join(OUTPUT, `${name}.mjs`);
  const entryPoints = {
    ws: join(HERE, "servers", "ws.ts"),
    "socket-io": join(HERE, "servers", "socket-io.ts"),
    load: join(HERE, "client", "load.ts"),
    meter: join(HERE, "harness", "meter.ts"),
    expiry: join(HERE, "expiry", "main.ts"),
    crowd: join(HERE, "probing", "crowd.ts"),
    "socket-io-room": join(HERE, "servers", "socket-io-room.ts"),
    "room-crowd": join(HERE, "large-room", "crowd.ts"),
  };
  await build({
    entryPoints,
    outdir: OUTPUT,
    outExtension: { ".js": ".mjs" },
    ...COMPILED,
  });
  return {
    directory: OUTPUT,
    servers: { ws: output("ws"), "socket.io": output("socket-io"), lastseen: resolve(main) },
    load: output("load"),
    meter: output("meter"),
    expiry: output("expiry"),
    crowd: output("crowd"),
    roomServer: output("socket-io-room"),
    roomCrowd: output("room-crowd"),
  };
}
