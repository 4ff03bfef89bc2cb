import type { DuplicatePolicy } from "../../../src/room/duplicates.js";
import type { World } from "../world/world.js";
import { doSomething, type ActionContext } from "./actions.js";
import { Machine } from "./machine.js";
import type { Surroundings } from "./page.js";
import { visit } from "./stranger.js";
import { Tab } from "./tab.js";

/** Average time between two actions on a tab, and average time that a person without a page stays away, in milliseconds. */
const ACTION_EVERY_MS = 4 * 60_000;
const AWAY_FOR_MS = 6 * 60_000;
const MOST_TABS = 2;

interface Person {
  readonly userId: string;
  readonly machines: readonly [Machine, Machine];
  readonly tabs: Tab[];
  readonly friends: readonly string[];
}

/** All people of a run. Each person has two machines and up to two tabs, and actions happen to the tabs. */
export class Town implements ActionContext {
  readonly world: World;
  readonly #around: Surroundings;
  readonly #people: Person[] = [];
  readonly #rooms: readonly string[];
  readonly #tabPolicy: DuplicatePolicy | undefined;
  /** Machines of a crowd that comes and goes. */
  readonly #crowd = new Set<Machine>();
  #quiet = false;
  #crowds = 0;

  constructor(
    around: Surroundings,
    options: { people: number; rooms: number; tabPolicy: DuplicatePolicy | undefined },
  ) {
    this.world = around.world;
    this.#around = around;
    this.#tabPolicy = options.tabPolicy;
    this.#rooms = Array.from({ length: options.rooms }, (_, index) => `room-${index + 1}`);
    const names = NAMES.slice(0, options.people);
    for (const name of names) {
      this.#settle(
        name,
        names.filter((other) => other !== name),
      );
    }
  }

  *machines(): Generator<Machine> {
    for (const { machines } of this.#people) yield* machines;
    yield* this.#crowd;
  }

  note(who: string, what: string): void {
    this.#around.note(who, what);
  }

  readonly count: ActionContext["count"] = (kind, what) => this.#around.count(kind, what);

  tabsOn(machine: Machine): readonly Tab[] {
    return this.#people.flatMap(({ tabs }) => tabs.filter((tab) => tab.machine === machine));
  }

  /** Somebody else, and a tab of theirs that has a page, if there is one. */
  pickFriend({ userId }: Tab): { userId: string; tab: Tab | undefined } | undefined {
    const others = this.#people.filter((person) => person.userId !== userId);
    const friend = others[this.world.random.below(others.length)];
    return friend && { userId: friend.userId, tab: friend.tabs.find(({ page }) => page?.connected) };
  }

  pickRoom(): string {
    return this.#rooms[this.world.random.below(this.#rooms.length)] ?? "room-1";
  }

  openAnother(tab: Tab, how: "same machine" | "other machine" | "duplicate"): Tab | undefined {
    const person = this.#people.find(({ userId }) => userId === tab.userId);
    if (!person) return undefined;
    const [first, second] = person.machines;
    const machine = how === "other machine" ? (tab.machine === first ? second : first) : tab.machine;
    const isEmpty = (one: Tab): boolean => one !== tab && one.page?.gone !== false;
    let other = person.tabs.find((one) => isEmpty(one) && one.machine === machine);
    if (!other) {
      if (person.tabs.length >= MOST_TABS) {
        const useless = person.tabs.findIndex(isEmpty);
        if (useless < 0) return undefined;
        person.tabs.splice(useless, 1);
      }
      other = this.#tab(person, machine, how === "duplicate" ? tab.storage : undefined);
    }
    other.load(tab.roomId);
    return other;
  }

  /** Opens sockets that do not belong to a client of the service. */
  admitStrangers(count: number): void {
    for (let index = 0; index < count; index++) visit(this.world, this.#around.service);
  }

  /** Many people join a few rooms. After a while most of them vanish at the same moment. */
  comeInCrowds(size: number, stayMs: number): void {
    const crowd = ++this.#crowds;
    this.note("crowd", `${size} people come`);
    for (let index = 0; index < size; index++) {
      const machine = new Machine(this.world);
      this.#crowd.add(machine);
      const name = `crowd${crowd}-${index}`;
      const tab = new Tab(this.#around, {
        name,
        machine,
        userId: name,
        sends: false,
        friends: [],
        onDuplicate: undefined,
      });
      this.world.after(this.world.between(0, 20_000), () => tab.load(`crowd-${index % 4}`));
    }
    // During the rest nobody vanishes.
    this.world.after(stayMs, () => {
      if (!this.#quiet) this.#dissolve();
    });
  }

  /** Repairs everything. From now on no action happens. */
  rest(): void {
    this.#quiet = true;
    for (const machine of this.machines()) {
      machine.network.slowDown(0);
      if (!machine.awake) machine.wake();
      machine.findNetwork(true);
      for (const page of machine.pages) {
        page.resume("resume");
        page.show();
        page.calls?.hangUp();
      }
    }
  }

  #settle(userId: string, friends: readonly string[]): void {
    const person: Person = { userId, friends, machines: [new Machine(this.world), new Machine(this.world)], tabs: [] };
    this.#people.push(person);
    const tab = this.#tab(person, person.machines[0]);
    this.world.after(this.world.between(0, 120_000), () => tab.load(this.pickRoom()));
  }

  #tab(person: Person, machine: Machine, storage?: Map<string, string>): Tab {
    const { userId, friends } = person;
    const index = person.machines.indexOf(machine);
    const tab = new Tab(this.#around, {
      name: `${userId}.${index === 0 ? "pc" : "phone"}${storage ? "'" : ""}`,
      machine,
      userId,
      friends,
      sends: this.world.chance(0.5),
      onDuplicate: this.#tabPolicy,
      ...(storage ? { storage } : {}),
    });
    person.tabs.push(tab);
    this.#live(person, tab);
    return tab;
  }

  #live(person: Person, tab: Tab): void {
    const hasPage = tab.page && !tab.page.gone;
    this.world.after(this.world.someTime(hasPage || !tab.page ? ACTION_EVERY_MS : AWAY_FOR_MS), () => {
      if (!person.tabs.includes(tab)) return;
      if (!this.#quiet) {
        if (tab.page && !tab.page.gone) doSomething(tab, this);
        else tab.load(tab.roomId ?? this.pickRoom());
      }
      this.#live(person, tab);
    });
  }

  #dissolve(): void {
    const { world } = this;
    this.note("crowd", "most vanish at the same moment");
    const how = world.random.below(3);
    for (const machine of this.#crowd) {
      if (world.chance(0.25)) continue;
      if (how === 0) machine.vanish();
      else if (how === 1) machine.breakConnections();
      else for (const page of machine.pages) page.suspend(true);
    }
    world.after(5 * 60_000, () => {
      for (const machine of this.#crowd) {
        for (const page of machine.pages) page.crash(true);
        this.#crowd.delete(machine);
      }
    });
  }
}

const NAMES = ["ada", "bob", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "joe", "kim", "leo"] as const;
