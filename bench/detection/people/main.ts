/** A process with people in it: clients of all systems, who meet the same fault at the same moment. */
import { setPriority } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { answer } from "../../harness/ask.js";
import type { Enter } from "../peers/clients/types.js";
import { Line } from "./line.js";
import type { EntryOrder, Heard, PeopleCommands, Which } from "./orders.js";

interface Member {
  order: EntryOrder;
  line: Line | undefined;
  storage: Map<string, string>;
  leave: () => unknown;
}

const members = new Map<string, Member>();
const keyOf = ({ system, room, name }: Which): string => [system, room, name].join(" ");

async function enter(order: EntryOrder, storage = new Map<string, string>()): Promise<void> {
  const { system, room, name, client } = order;
  const library = (await import(pathToFileURL(client).href)) as { enter: Enter };
  const laid = order.spoilable ? await Line.lay(order.url) : undefined;
  const tell = (told: Parameters<Parameters<Enter>[0]["tell"]>[0]): void => {
    const heard: Heard = { ...told, system, room, at: Date.now() };
    if (order.listens) process.send?.({ heard });
  };
  const { leave } = await library.enter({ url: laid?.url ?? order.url, room, name, tell, storage });
  members.set(keyOf(order), { order, line: laid?.line, storage, leave });
}

function find(which: Which): Member {
  const member = members.get(keyOf(which));
  if (!member) throw new Error(`${keyOf(which)} is not here`);
  return member;
}

const commands: PeopleCommands = {
  enter: (order) => enter(order),
  async leave(which) {
    await find(which).leave();
  },
  reset(which) {
    find(which).line?.reset();
  },
  async reload({ afterMs, ...which }) {
    const { line, order, storage } = find(which);
    line?.die();
    await pause(afterMs);
    await enter(order, new Map(storage));
  },
  hang() {
    // A process that computes for ever must not take a core from the others.
    setPriority(19);
    for (;;);
  },
};
// A library may fail when its network does. The people go on, as their application would.
process.on("unhandledRejection", () => {});
answer({ ...commands });
