/** What happens to native clients. Each fault has a room of its own in every system. */
import { setTimeout as pause } from "node:timers/promises";
import { OtherMachine } from "../other-machine.js";
import { People } from "../people/people.js";
import type { Stage } from "./stage.js";

/** Epoch ms of each person's fault, by their names. */
export type Moments = Map<string, number>;

export interface Scene {
  /** Lets it happen. */
  act(): Promise<Moments>;
  close(): void;
}

export interface Fault {
  id: string;
  how: string;
  /** Whether they are gone for ever; otherwise they are alive, and whoever is told as left was thrown out. */
  goes: boolean;
  /** How long the witness is listened to at most, s. */
  watch: number;
  needsNetwork: boolean;
  arrange(stage: Stage, room: string): Promise<Scene>;
}

/** A limit for those who are never told as gone. */
const LONG = 180;
/** Between two people who meet the same fault, so that their places in the servers' intervals differ, ms. */
const APART_MS = 700;

/** Each person is a process. */
function alone(happens: (people: People) => void): Fault["arrange"] {
  return async (stage, room) => {
    const processes = new Map<string, People>();
    for (const name of stage.names) {
      const people = new People();
      processes.set(name, people);
      await stage.enter(people, room, name);
    }
    return {
      async act() {
        const moments: Moments = new Map();
        for (const [name, people] of processes) {
          moments.set(name, Date.now());
          happens(people);
          await pause(APART_MS);
        }
        return moments;
      },
      close: () => processes.forEach((people) => people.end()),
    };
  };
}

/** All people are on another machine. */
function elsewhere(happens: (machine: OtherMachine) => Promise<void> | void): Fault["arrange"] {
  return async (stage, room) => {
    const machine = new OtherMachine();
    const people = new People(undefined, machine);
    for (const name of stage.names) {
      await stage.enter(people, room, name, { host: machine.hostAddress });
      await pause(APART_MS);
    }
    return {
      async act() {
        const now = Date.now();
        await happens(machine);
        return new Map(stage.names.map((name) => [name, now]));
      },
      close() {
        people.end();
        machine.close();
      },
    };
  };
}

/** Each client meets it by itself. */
function each(
  happens: (people: People, which: ReturnType<Stage["everywhere"]>[number]) => Promise<void>,
): Fault["arrange"] {
  return async (stage, room) => {
    const people = new People();
    for (const name of stage.names) await stage.enter(people, room, name, { spoilable: true });
    return {
      async act() {
        const moments: Moments = new Map();
        for (const name of stage.names) {
          moments.set(name, Date.now());
          for (const which of stage.everywhere(room, name)) void happens(people, which).catch(() => {});
          await pause(APART_MS);
        }
        return moments;
      },
      close: () => people.end(),
    };
  };
}

const GOES = { goes: true, watch: LONG, needsNetwork: false };
const STAYS = { goes: false, needsNetwork: false };

const flap = (seconds: number): Fault => ({
  id: `flap-${seconds}`,
  how: `network cut for ${seconds} s`,
  goes: false,
  watch: seconds + 45,
  needsNetwork: true,
  arrange: elsewhere(async (machine) => {
    machine.pullCable();
    await pause(seconds * 1_000);
    machine.plugCable();
  }),
});

const reload = (seconds: number): Fault => ({
  ...STAYS,
  id: `reload-${seconds}`,
  how: `closed, back after ${seconds} s`,
  watch: seconds + 30,
  arrange: each((people, which) => people.reload(which, seconds * 1_000)),
});

export const FAULTS: readonly Fault[] = [
  { ...GOES, id: "leave", how: "closed in order", arrange: each((people, which) => people.leave(which)) },
  { ...GOES, id: "killed", how: "killed", arrange: alone((people) => people.end()) },
  {
    ...GOES,
    id: "cut",
    how: "network cut",
    needsNetwork: true,
    arrange: elsewhere((machine) => machine.pullCable()),
  },
  { ...GOES, id: "stopped", how: "process stopped", arrange: alone((people) => people.stop()) },
  { ...GOES, id: "hung", how: "script hung", arrange: alone((people) => people.hang()) },
  flap(3),
  flap(8),
  flap(15),
  flap(20),
  {
    ...STAYS,
    id: "reset",
    how: "connection reset, back by itself",
    watch: 40,
    arrange: each((people, which) => people.reset(which)),
  },
  reload(1),
  reload(3),
];
