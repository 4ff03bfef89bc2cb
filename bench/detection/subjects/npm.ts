/** Systems for Node. They are installed into `peers/`, so that the project's own installation stays small. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { canConnect } from "./listening.js";
import { PEERS, peerVersion, type Subject } from "./subject.js";

/** @returns why they could not be installed, or `undefined` */
export function installPeers(): string | undefined {
  if (existsSync(`${PEERS}node_modules/.package-lock.json`)) return undefined;
  const { status, stderr } = spawnSync("npm", ["install", "--no-audit", "--no-fund"], {
    cwd: PEERS,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  return status === 0 ? undefined : `npm could not install it: ${stderr.trim().split("\n").at(-1) ?? ""}`;
}

function ofNpm(id: string, title: string, library: string, scheme: "http" | "ws"): Subject {
  return {
    id,
    title,
    knowsAway: false,
    prepare: installPeers,
    version: () => peerVersion(library),
    server: (port) => ({
      command: process.execPath,
      args: [`${PEERS}servers/${id}.js`],
      env: { PORT: String(port), NODE_ENV: "production" },
    }),
    url: (host, port) => `${scheme}://${host}:${port}`,
    isReady: canConnect,
  };
}

export const socketIo = ofNpm("socket-io", "Socket.IO", "socket.io", "http");
export const colyseus = ofNpm("colyseus", "Colyseus", "@colyseus/core", "ws");
export const hocuspocus = ofNpm("hocuspocus", "Hocuspocus", "@hocuspocus/server", "ws");
