import { spawnSync } from "node:child_process";
import { findCommand } from "../../../scripts/system-packages.js";
import { canConnect } from "./listening.js";
import { installPeers } from "./npm.js";
import { PEERS, type Subject } from "./subject.js";

const PROJECT = `${PEERS}signalr`;
const ARTIFACTS = `${PEERS}node_modules/.cache/signalr`;
const BUILT = `${ARTIFACTS}/bin/Presence/release/Presence.dll`;
const QUIET = { DOTNET_CLI_TELEMETRY_OPTOUT: "1", DOTNET_NOLOGO: "1" };

/** SignalR, built when there is a .NET SDK. */
export const signalr: Subject = {
  id: "signalr",
  title: "SignalR",
  knowsAway: false,
  prepare() {
    if (!findCommand("dotnet")) return "there is no `dotnet`";
    const problem = installPeers();
    if (problem !== undefined) return problem;
    const { status, stdout } = spawnSync(
      "dotnet",
      ["build", PROJECT, "-c", "Release", "-v", "q", "--artifacts-path", ARTIFACTS],
      { encoding: "utf8", env: { ...process.env, ...QUIET } },
    );
    return status === 0 ? undefined : `\`dotnet build\` failed: ${stdout.trim().split("\n").at(-1) ?? ""}`;
  },
  version() {
    const { stdout } = spawnSync("dotnet", ["--list-runtimes"], { encoding: "utf8" });
    return /Microsoft\.AspNetCore\.App (\S+)/.exec(stdout)?.[1] ?? "?";
  },
  server: (port) => ({ command: "dotnet", args: [BUILT], env: { PORT: String(port), ...QUIET } }),
  url: (host, port) => `http://${host}:${port}`,
  isReady: canConnect,
};
