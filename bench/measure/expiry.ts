import { fork } from "node:child_process";
import type { Programs } from "../compile.js";
import type { ExpiryCommands, ExpiryResult } from "../expiry/main.js";
import { ask } from "../harness/ask.js";
import type { Plan } from "./plan.js";

/** Compares the expiry lists with a scan of all sessions, in its own process. */
export async function measureExpiry(programs: Programs, plan: Plan): Promise<ExpiryResult> {
  const child = fork(programs.expiry, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    const { sessions, ghosts } = plan;
    return await ask<ExpiryCommands, "measure">(child, "measure", { sessions, ghosts });
  } finally {
    child.kill();
  }
}
