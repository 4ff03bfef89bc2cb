import { expect, test } from "vitest";
import { EvictionPolicy } from "../../../src/redis/eviction-policy.js";
import { ManualClock } from "../../support/manual-clock.js";

const info = (policy: string): string => `used_memory:1\r\nmaxmemory:0\r\nmaxmemory_policy:${policy}\r\n`;

test("a harmful policy is told once, and is forgotten when somebody has changed it", async () => {
  const clock = new ManualClock();
  const answers = [info("noeviction")];
  const told: string[] = [];
  const policy = new EvictionPolicy({ clock, read: async () => answers, found: (found) => told.push(found) });
  await policy.read();
  expect(policy.harmful).toBeUndefined();

  // One master of a cluster is enough.
  answers.push(info("volatile-ttl"));
  await clock.advance(30_000);
  await clock.advance(30_000);
  expect(policy.harmful).toBe("volatile-ttl");
  expect(told).toEqual(["volatile-ttl"]);

  answers.pop();
  await clock.advance(30_000);
  expect(policy.harmful).toBeUndefined();
  await policy.close();
});

test("a Redis that does not answer, or does not tell its policy, changes nothing", async () => {
  const clock = new ManualClock();
  let answer = async (): Promise<string[]> => [info("allkeys-lfu")];
  const policy = new EvictionPolicy({ clock, read: () => answer(), found: () => undefined });
  await policy.read();
  answer = () => Promise.reject(new Error("no answer"));
  await clock.advance(30_000);
  expect(policy.harmful).toBe("allkeys-lfu");
  answer = async () => ["used_memory:1\r\n"];
  await clock.advance(30_000);
  expect(policy.harmful).toBeUndefined();
  await policy.close();
});
