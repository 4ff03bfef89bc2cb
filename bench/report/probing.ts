import type { ProbingSample, ProbingSamples } from "../measure/probing.js";
import { SHOWN, type System } from "../probing/systems.js";
import { median } from "./statistics.js";
import { table } from "./table.js";

/** The heartbeats of watched sessions may cost so much of Colyseus'. */
export const PROBING_TARGET = 0.5;

/** One system's heartbeats. */
export interface ProbingRow {
  system: System;
  /** CPU of the server's process as a share of a core, for 1,000 clients. */
  whole: number;
  /** The same without what the server uses when its clients are there and no heartbeats go on. */
  heartbeats: number;
  /** {@link heartbeats} divided by those of Colyseus, measured in the same windows. */
  ratio: number;
  /** Bytes of one session in a minute. */
  toServer: number;
  toClients: number;
  lost: number;
}

export function probingRows({ systems, clients, windowMs }: ProbingSamples): ProbingRow[] {
  const of = (id: string): readonly ProbingSample[] => systems[id] ?? [];
  const perThousand = 1000 / clients;
  const heartbeatsOf = ({ id, quiet }: System): number[] =>
    of(id).map(({ share }, window) => (share - (of(quiet)[window]?.share ?? 0)) * perThousand);
  const colyseus = SHOWN.find(({ id }) => id === "colyseus");
  const yardstick = colyseus ? heartbeatsOf(colyseus) : [];
  const perMinute = 60_000 / windowMs / clients;
  return SHOWN.map((system) => {
    const heartbeats = heartbeatsOf(system);
    return {
      system,
      whole: median(of(system.id).map(({ share }) => share * perThousand)),
      heartbeats: median(heartbeats),
      ratio: median(heartbeats.map((share, window) => share / (yardstick[window] ?? Number.NaN))),
      toServer: median(of(system.id).map(({ traffic }) => traffic.toServer * perMinute)),
      toClients: median(of(system.id).map(({ traffic }) => traffic.toClients * perMinute)),
      lost: Math.max(...of(system.id).map(({ traffic }) => traffic.lost)),
    };
  });
}

/** @param rows or why there are none */
export function probingText(rows: readonly ProbingRow[] | string): string {
  return typeof rows === "string" ? `Heartbeats were not measured: ${rows}` : probingTable(rows);
}

function probingTable(rows: readonly ProbingRow[]): string {
  return table(
    [
      "1,000 clients that do nothing",
      "silence is told after",
      "CPU of the server",
      "heartbeats alone",
      "/ Colyseus",
      "to the server",
      "to the client",
    ],
    rows.map(({ system, whole, heartbeats, ratio, toServer, toClients, lost }) => [
      system.title + (lost > 0 ? ` (${lost} lost)` : ""),
      `${system.noticed} s`,
      percent(whole),
      percent(heartbeats),
      ratio.toFixed(2) + (system.id === "lastseen" && ratio > PROBING_TARGET ? " (missed)" : ""),
      `${toServer.toFixed(0)} B/min`,
      `${toClients.toFixed(0)} B/min`,
    ]),
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
