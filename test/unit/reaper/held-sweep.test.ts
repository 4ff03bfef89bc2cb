import { expect, test } from "vitest";
import { World } from "../../support/world.js";

test("a sweep that finds most sessions silent waits for the next one, and only who is silent then is reaped", async () => {
  const world = new World();
  const held: unknown[] = [];
  world.sweeps.on("held", (event) => held.push(event));
  const people = await Promise.all(Array.from({ length: 60 }, (_none, n) => world.open(`p${n}`, "daily")));
  // The idle timeout is 120 s, and there is a sweep every 30 s.
  await world.run(125_000);
  expect(held).toEqual([{ pass: "sweep", due: 60, total: 60, holdMs: 10_000 }]);
  expect(people.every(({ session }) => session.status === "open")).toBe(true);
  const [back] = people;
  if (back) world.liveness.heard(back.session);
  await world.run(30_000);
  expect(people.filter(({ session }) => session.status === "open")).toEqual([back]);
  expect(world.steps("p1")).toContain("left: idle");
  expect(held).toHaveLength(1);
});
