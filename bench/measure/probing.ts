import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Programs } from "../compile.js";
import { installPeers } from "../detection/subjects/npm.js";
import { ask } from "../harness/ask.js";
import { ServerUnderTest } from "../harness/server-under-test.js";
import type { CrowdCommands, Traffic } from "../probing/crowd.js";
import { programOf, SYSTEMS, type System } from "../probing/systems.js";
import type { Plan } from "./plan.js";

/** What one system did in one window of time. */
export interface ProbingSample {
  /** CPU of the server's process, as a share of one core. */
  share: number;
  /** Bytes in the window, all clients together. */
  traffic: Traffic;
}

export interface ProbingSamples {
  /** By the id of the system. The samples of one index are of the same window. */
  systems: Readonly<Record<string, readonly ProbingSample[]>>;
  clients: number;
  windowMs: number;
}

/** Until what the arrival of the clients has begun is over. */
const SETTLE_MS = 20_000;

/**
 * Lets the clients of all systems be there and do nothing, all at the same time: whatever else the machine does slows all of them
 * down.
 *
 * @returns why it could not be measured, when a library can't be installed
 */
export async function measureProbing(
  programs: Programs,
  plan: Plan,
  say: (line: string) => void,
): Promise<ProbingSamples | string> {
  const problem = installPeers();
  if (problem !== undefined) return problem;
  const { probedClients: clients, probingWindows, probingWindowMs: windowMs } = plan;
  const crowd = fork(programs.crowd, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const servers = new Map<System, ServerUnderTest>();
  try {
    for (const system of SYSTEMS) {
      say(`heartbeats: ${clients} clients of ${system.id}`);
      const path = programOf(system, programs.servers.lastseen);
      const server = await ServerUnderTest.startProgram(
        { name: `probing-${system.id}`, path, env: system.env },
        programs,
      );
      servers.set(system, server);
      const { id, tongue, roomSize } = system;
      await ask<CrowdCommands, "enter">(crowd, "enter", { id, tongue, roomSize, port: server.port, count: clients });
    }
    await pause(SETTLE_MS);
    const systems: Record<string, ProbingSample[]> = {};
    for (let window = 0; window < probingWindows; window += 1) {
      say(`heartbeats: ${windowMs / 1000} s, ${window + 1} of ${probingWindows}`);
      const before = await lookAt(servers, crowd);
      await pause(windowMs);
      const after = await lookAt(servers, crowd);
      for (const [id, { cpu, at, traffic }] of after) {
        const first = before.get(id);
        if (!first) continue;
        (systems[id] ??= []).push({
          share: (cpu - first.cpu) / 1000 / (at - first.at),
          traffic: {
            toServer: traffic.toServer - first.traffic.toServer,
            toClients: traffic.toClients - first.traffic.toClients,
            lost: traffic.lost,
          },
        });
      }
    }
    return { systems, clients, windowMs };
  } finally {
    await stop(crowd);
    await Promise.all([...servers.values()].map((server) => server.stop()));
  }
}

interface Look {
  /** CPU time, microseconds. */
  cpu: number;
  /** Milliseconds. */
  at: number;
  traffic: Traffic;
}

async function lookAt(servers: ReadonlyMap<System, ServerUnderTest>, crowd: ChildProcess): Promise<Map<string, Look>> {
  const looks = new Map<string, Look>();
  for (const [{ id }, server] of servers) {
    const traffic = await ask<CrowdCommands, "traffic">(crowd, "traffic", id);
    looks.set(id, { cpu: await server.cpu(), at: performance.now(), traffic });
  }
  return looks;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
