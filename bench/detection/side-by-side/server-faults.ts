/** What happens to servers: they stand still, and they are started anew. Their people stay, but for some who die meanwhile. */
import { setTimeout as pause } from "node:timers/promises";
import { People } from "../people/people.js";
import { cellsOf, type FaultRow } from "./results.js";
import type { Stage } from "./stage.js";

const STAYING = "server";
const DYING = "server-killed";
const STALLS = [10, 30, 60];
/** In which stall some people die, and when. */
const DEADLY_STALL = 30;
const DEATH_AFTER_MS = 5_000;
/** How long the witness is listened to after the server is back, s. */
const AFTERWARDS = 45;

/** @param say is told of each fault that is over */
export async function measureServerFaults(stage: Stage, say: (text: string) => void): Promise<FaultRow[]> {
  for (const room of [STAYING, DYING]) await stage.witness(room);
  const staying = new People();
  const dying = stage.names.map((name) => ({ name, people: new People() }));
  for (const name of stage.names) await stage.enter(staying, STAYING, name);
  for (const { name, people } of dying) await stage.enter(people, DYING, name);
  const rows: FaultRow[] = [];
  try {
    for (const seconds of STALLS) {
      const since = Date.now();
      for (const server of stage.servers) server.signal("SIGSTOP");
      const deadly = seconds === DEADLY_STALL;
      await pause(DEATH_AFTER_MS);
      if (deadly) for (const { people } of dying) people.end();
      await pause(seconds * 1_000 - DEATH_AFTER_MS);
      for (const server of stage.servers) server.signal("SIGCONT");
      const backAt = Date.now();
      await pause(AFTERWARDS * 1_000);
      rows.push(rowOf(stage, `stall-${seconds}`, `server stands still for ${seconds} s`, STAYING, since));
      if (deadly) rows.push(rowOf(stage, "stall-killed", "killed while the server stands still", DYING, backAt));
      say(`server stood still for ${seconds} s`);
    }
    const since = Date.now();
    await Promise.all(stage.servers.map((server) => server.restart()));
    await pause(AFTERWARDS * 1_000);
    rows.push(rowOf(stage, "restart", "server ends by SIGTERM and starts again", STAYING, since));
    say("server restarted");
    return rows;
  } finally {
    staying.end();
    for (const { people } of dying) people.end();
  }
}

function rowOf(stage: Stage, id: string, how: string, room: string, since: number): FaultRow {
  const moments = new Map(stage.names.map((name) => [name, since]));
  return { id, how, goes: room === DYING, watch: AFTERWARDS, cells: cellsOf(stage, room, moments) };
}
