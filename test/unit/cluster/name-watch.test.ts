import { expect, test } from "vitest";
import type { ClusterEvents } from "../../../src/cluster/events.js";
import { NameWatch } from "../../../src/cluster/name-watch.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import type { NameHolder, NodeName } from "../../../src/ports/node-name.js";
import { ManualClock } from "../../support/manual-clock.js";

const POLL_MS = 500;
const other: NameHolder = { process: "other", holds: 7, isOver: false, url: "http://other" };

/** A name that another process may have. The test says what the store answers. */
class ScriptedName implements NodeName {
  holder: NameHolder | undefined = other;
  isAway = false;

  async hold(replacing?: NameHolder): ReturnType<NodeName["hold"]> {
    if (this.isAway) throw new Error("away");
    const { holder } = this;
    if (holder && !(replacing?.process === holder.process && replacing.holds === holder.holds)) {
      return { kind: "taken", by: holder };
    }
    this.holder = undefined;
    return { kind: "held", format: 1 };
  }

  async release(): Promise<void> {}
}

function world() {
  const clock = new ManualClock();
  const name = new ScriptedName();
  const unexpected = (error: unknown): never => {
    throw error;
  };
  const watch = new NameWatch(clock, name, new Emitter<ClusterEvents>(unexpected));
  /** Asks every half second until there is an outcome; at most for that time. */
  const outcomeWithin = async (ms: number) => {
    for (const end = clock.mono() + ms; clock.mono() <= end; await clock.advance(POLL_MS)) {
      const outcome = await watch.hold().catch(() => "away" as const);
      if (outcome !== "waiting" && outcome !== "away") return { outcome, atMs: clock.mono() };
    }
    return undefined;
  };
  return { clock, name, watch, outcomeWithin };
}

test("a free name is held at once", async () => {
  const { name, watch } = world();
  name.holder = undefined;
  expect(await watch.hold()).toBe("held");
});

test("another process that holds the name again is alive", async () => {
  const { name, watch } = world();
  expect(await watch.hold()).toBe("waiting");
  expect(await watch.hold()).toBe("waiting");
  name.holder = { ...other, holds: 8 };
  expect(await watch.hold()).toEqual({ kind: "name_taken", url: "http://other" });
});

test("another process whose time is over and who does not hold the name again within 3 s is dead", async () => {
  const { clock, name, outcomeWithin } = world();
  const startedAt = clock.mono();
  expect(await outcomeWithin(5_000)).toBeUndefined();
  name.holder = { ...other, isOver: true };
  expect(await outcomeWithin(0)).toMatchObject({ outcome: "held" });

  const later = world();
  later.name.holder = { ...other, isOver: true };
  const { atMs = 0, outcome } = (await later.outcomeWithin(10_000)) ?? {};
  expect(outcome).toBe("held");
  expect(atMs - startedAt).toBe(3_000);
});

test("the time in which the store was away does not count: the other process could not hold its name", async () => {
  const { name, outcomeWithin } = world();
  name.holder = { ...other, isOver: true };
  expect(await outcomeWithin(2_000)).toBeUndefined();
  name.isAway = true;
  expect(await outcomeWithin(60_000)).toBeUndefined();
  name.isAway = false;
  expect(await outcomeWithin(2_500)).toBeUndefined();
  name.holder = { ...other, holds: 8 };
  expect(await outcomeWithin(0)).toMatchObject({ outcome: { kind: "name_taken" } });
});

test("a process whose time never ends, because the store's clock was set back, is dead after two leases", async () => {
  const { clock, outcomeWithin } = world();
  const startedAt = clock.mono();
  const { atMs = 0, outcome } = (await outcomeWithin(60_000)) ?? {};
  expect(outcome).toBe("held");
  expect(atMs - startedAt).toBe(12_000);
});

test("a third process that takes the name first is watched anew", async () => {
  const { name, outcomeWithin } = world();
  name.holder = { ...other, isOver: true };
  expect(await outcomeWithin(2_500)).toBeUndefined();
  name.holder = { ...other, process: "third", holds: 1 };
  expect(await outcomeWithin(3_000)).toBeUndefined();
  name.holder = { ...other, process: "third", holds: 2 };
  expect(await outcomeWithin(0)).toMatchObject({ outcome: { kind: "name_taken" } });
});

test("a process that stood still while another took its name must not be a node; it takes the name back from a dead one", async () => {
  const { name, watch } = world();
  name.holder = undefined;
  await watch.hold();
  name.holder = { ...other, isOver: true };
  expect(await watch.hold()).toBe("held");
  name.holder = other;
  expect(await watch.hold()).toEqual({ kind: "name_taken", url: "http://other" });
});
