/** Accidents of the service: of its process, workers, store and clock, and actions of its operators. */
import type { Random } from "../support/random.js";
import type { CountKind } from "./checks/scene.js";
import type { Town } from "./people/town.js";
import type { Host } from "./service/host.js";
import type { ServiceNode } from "./service/node.js";
import type { World } from "./world/world.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What the mishaps act on. */
export interface Victims {
  readonly world: World;
  readonly town: Town;
  readonly hosts: readonly [Host, ...Host[]];
  readonly note: (who: string, what: string) => void;
  readonly count: (kind: CountKind, what: string) => void;
}

interface Mishap {
  readonly name: string;
  /** Average time between two mishaps of this kind, in milliseconds. */
  readonly everyMs: number;
  happen(node: ServiceNode, victims: Victims, host: Host): void;
}

export const MISHAPS: readonly Mishap[] = [
  {
    name: "a pause",
    everyMs: 45 * SECOND,
    happen: (node, { world }) => node.loop.stopFor(world.between(20, 900), world.random.below(6)),
  },
  {
    name: "is overloaded",
    everyMs: 90 * MINUTE,
    happen(node, { world }) {
      const until = world.now.at + world.between(0.5, 3) * MINUTE;
      const stagger = (): void => {
        if (world.now.at > until) return;
        node.loop.stopFor(world.between(100, 900), world.random.below(4));
        world.after(world.between(300, 1_500), stagger);
      };
      stagger();
    },
  },
  {
    name: "stands still for seconds",
    everyMs: 25 * MINUTE,
    happen: (node, { world }) => node.loop.stopFor(world.between(1, 20) * SECOND, world.random.below(10)),
  },
  {
    name: "stands still for minutes",
    everyMs: 100 * MINUTE,
    happen: (node, { world }) => node.loop.stopFor(world.between(20 * SECOND, 10 * MINUTE), world.random.below(10)),
  },
  {
    name: "is suspended with its whole machine",
    everyMs: 5 * HOUR,
    happen(node, { world }) {
      const ms = world.between(5 * SECOND, 10 * MINUTE);
      node.loop.stopFor(ms);
      // Its workers were suspended too. When they run again, the ICE consent of all peers has expired.
      if (ms > 15 * SECOND) world.after(ms, () => node.media.loseEverybody());
    },
  },
  {
    name: "loses a media worker",
    everyMs: 90 * MINUTE,
    happen: (node, { world }) => node.media.killWorker(world.random.below(2)),
  },
  {
    name: "loses all its media workers",
    everyMs: 5 * HOUR,
    happen({ media }) {
      media.killWorker(1);
      media.killWorker(0);
    },
  },
  {
    name: "has a media worker that does not answer",
    everyMs: 90 * MINUTE,
    happen(node, { world }) {
      const index = world.random.below(2);
      const ms = world.between(1, 20) * SECOND;
      node.media.hangWorker(index, ms);
      // The service checks a worker every five seconds and gives it five seconds to answer.
      if (ms > 8 * SECOND) world.after(world.between(5, 10) * SECOND, () => node.media.killWorker(index));
    },
  },
  {
    name: "has a media worker that frees nothing",
    everyMs: 3 * HOUR,
    happen: ({ media }, { world }) => media.keepWorkerFromFreeing(world.random.below(2), world.between(5, 90) * SECOND),
  },
  {
    name: "hears from its workers that everybody is lost",
    everyMs: 2 * HOUR,
    happen: (node) => node.media.loseEverybody(),
  },
  {
    name: "loses its store for a while",
    everyMs: 90 * MINUTE,
    happen(node, { world }) {
      node.store.away = true;
      world.after(world.someTime(40 * SECOND), () => (node.store.away = false));
    },
  },
  {
    name: "has its wall clock set",
    everyMs: 90 * MINUTE,
    happen: (node, { world }) => (node.loop.wallOffset += world.between(-24, 24) * HOUR),
  },
  {
    name: "is cut off from everybody",
    everyMs: 2 * HOUR,
    happen(_node, { world, town }) {
      const machines = [...town.machines()].filter(({ reachable }) => reachable);
      for (const machine of machines) machine.loseNetwork();
      world.after(world.between(2, 50) * SECOND, () => {
        for (const machine of machines) machine.findNetwork(world.chance(0.5));
      });
    },
  },
  {
    name: "loses its proxy and with it all connections",
    everyMs: 2 * HOUR,
    happen(node, { world, town }) {
      for (const machine of town.machines()) if (machine.reachable) machine.breakConnections();
      // All clients come back at the same moment, which can overload the service for a while.
      if (world.chance(0.5)) {
        world.after(world.between(0, 10) * SECOND, () => node.loop.stopFor(world.between(2, 60) * SECOND));
      }
    },
  },
  { name: "is stopped and started", everyMs: 5 * HOUR, happen: (_node, _victims, host) => host.restart(true) },
  { name: "is killed and started", everyMs: 7 * HOUR, happen: (_node, _victims, host) => host.restart(false) },
  {
    name: "is killed again and again",
    everyMs: 12 * HOUR,
    happen(_node, { world }, host) {
      for (let times = 0; times < 4; times++) world.after(times * 12 * SECOND, () => host.restart(false));
    },
  },
  {
    name: "has an operator who kicks somebody",
    everyMs: 2 * HOUR,
    happen({ service: { registry, reaper }, loop }, { world }) {
      const session = pick(world.random, [...registry.all()]);
      loop.arrive(world.now.at, () => {
        if (session && registry.find(session.id)) void reaper.end(session, { reason: "kicked" });
      });
    },
  },
  {
    name: "has an operator who closes a room",
    everyMs: 2 * HOUR,
    happen({ service: { rooms, reaper }, loop }, { world }) {
      const room = pick(world.random, [...rooms.all()]);
      loop.arrive(world.now.at, () => {
        if (!room || rooms.find(room.id) !== room) return;
        rooms.announceClosed(room, "closed_by_operator");
        for (const session of room.members.values()) void reaper.leaveRoom(session, { reason: "room_closed" });
      });
    },
  },
  {
    name: "has an operator who cleans up",
    everyMs: HOUR,
    happen: (node, { world }) => node.loop.arrive(world.now.at, () => void node.cleanUp({ force: true })),
  },
  {
    name: "finds media that nobody owns",
    everyMs: 4 * HOUR,
    happen: ({ media }, { world }) => media.leaveStray(`nobody-${world.random.below(1_000)}`),
  },
  {
    name: "gets strangers",
    everyMs: HOUR,
    happen: (_node, { town, world }) => town.admitStrangers(1 + world.random.below(5)),
  },
  {
    name: "gets a crowd",
    everyMs: 12 * HOUR,
    happen: (_node, { town, world }) => town.comeInCrowds(60 + world.random.below(20), world.between(1, 4) * MINUTE),
  },
];

/** Starts all mishaps. Each repeats at random times until `isOver` returns `true`. */
export function letMishapsHappen(victims: Victims, isOver: () => boolean): void {
  const { world, hosts, note, count } = victims;
  const schedule = (mishap: Mishap): void => {
    world.after(world.someTime(mishap.everyMs), () => {
      if (isOver()) return;
      const host = world.random.pick(hosts);
      if (host.listening) {
        if (mishap.everyMs > MINUTE) note(host.listening.name, mishap.name);
        count("mishap", mishap.name);
        mishap.happen(host.listening, victims, host);
      }
      schedule(mishap);
    });
  };
  for (const mishap of MISHAPS) schedule(mishap);
}

function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[random.below(items.length)];
}
