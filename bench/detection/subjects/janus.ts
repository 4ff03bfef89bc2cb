import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCommand } from "../../../scripts/system-packages.js";
import { canConnect } from "./listening.js";
import { installPeers } from "./npm.js";
import type { Subject } from "./subject.js";

/** The video room of Janus over its WebSocket, where the package `janus` is installed. Its deadlines are the defaults. */
export const janus: Subject = {
  id: "janus",
  title: "Janus",
  knowsAway: false,
  prepare: () => (findCommand("janus") ? installPeers() : "`janus` is not installed"),
  version: () => /\d+\.\d+\.\d+/.exec(spawnSync("janus", ["--version"], { encoding: "utf8" }).stdout)?.[0] ?? "?",
  server: (port) => ({
    command: "janus",
    args: ["--configs-folder", configure(port), "--disable-colors"],
    env: {},
  }),
  url: (host, port) => `ws://${host}:${port}`,
  isReady: canConnect,
};

/** Writes what says where it listens, and nothing else. */
function configure(port: number): string {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-janus-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, "janus.jcfg"),
    'general: { debug_level = 2 }\ntransports: { disable = "libjanus_http.so,libjanus_pfunix.so" }\n',
  );
  writeFileSync(
    join(folder, "janus.transport.websockets.jcfg"),
    `general: { ws = true, ws_port = ${port}, wss = false }\nadmin: { admin_ws = false }\n`,
  );
  return folder;
}
