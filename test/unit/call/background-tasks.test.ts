import { expect, test } from "vitest";
import { BackgroundTasks } from "../../../src/call/background-tasks.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import type { LifecycleEvents } from "../../../src/session/events.js";
import { ManualClock } from "../../support/manual-clock.js";

/** The service tries again after this time. */
const RETRY_MS = 2_000;

function setup() {
  const events = new Emitter<LifecycleEvents>((error) => {
    throw error;
  });
  const reported: string[] = [];
  events.on("call_store_failed", ({ operation }) => reported.push(`failed: ${operation}`));
  events.on("call_store_recovered", ({ failures }) => reported.push(`recovered after ${failures}`));
  const clock = new ManualClock();
  return { clock, reported, tasks: new BackgroundTasks({ clock, events }) };
}

const unreachable = () => Promise.reject(new Error("unreachable"));

test("when the store answers again, that is reported once, with the number of failures", async () => {
  const { tasks, reported } = setup();
  expect(await tasks.ask(() => Promise.resolve(1))).toBe(1);
  await expect(tasks.ask(unreachable)).rejects.toMatchObject({ code: "overloaded" });
  tasks.run(unreachable());
  await tasks.close();
  expect(await tasks.ask(() => Promise.resolve(2))).toBe(2);
  expect(await tasks.ask(() => Promise.resolve(3))).toBe(3);
  expect(reported).toEqual(["failed: ask", "failed: work", "recovered after 2"]);
});

test("the store is asked only after it has been told everything, and once about each subject", async () => {
  const { clock, tasks, reported } = setup();
  const order: string[] = [];
  let isReachable = false;
  const tell = async (what: string) => {
    if (!isReachable) await unreachable();
    order.push(what);
  };
  tasks.askLater("ada", () => tell("first question about ada"));
  tasks.askLater("ada", () => tell("second question about ada"));
  tasks.tellLater("call-1", () => tell("end of call-1"));
  tasks.tellLater("call-2", () => tell("end of call-2"));
  await clock.advance(RETRY_MS);
  expect(order).toEqual([]);
  expect(reported).toEqual(["failed: finish"]);
  isReachable = true;
  await clock.advance(RETRY_MS);
  expect(order).toEqual(["end of call-1", "end of call-2", "second question about ada"]);
  expect(clock.pendingTimers).toBe(0);
});

test("an end of a call that comes while the store is told about that call is told as well", async () => {
  const { clock, tasks } = setup();
  const told: string[] = [];
  tasks.tellLater("call-1", () => {
    told.push("its ring is over");
    tasks.tellLater("call-1", () => Promise.resolve(void told.push("one of the two has hung up")));
    return Promise.resolve();
  });
  await clock.advance(RETRY_MS);
  await clock.advance(RETRY_MS);
  expect(told).toEqual(["its ring is over", "one of the two has hung up"]);
  expect(clock.pendingTimers).toBe(0);
});

test("closing tells the store what is left, and asks nothing more", async () => {
  const { clock, tasks } = setup();
  const order: string[] = [];
  tasks.tellLater("call-1", () => Promise.resolve(void order.push("told")));
  tasks.askLater("ada", () => Promise.resolve(void order.push("asked")));
  await tasks.close();
  await clock.advance(10 * RETRY_MS);
  expect(order).toEqual(["told"]);
  expect(clock.pendingTimers).toBe(0);
});
