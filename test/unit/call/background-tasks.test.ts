import { expect, test } from "vitest";
import { BackgroundTasks } from "../../../src/call/background-tasks.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import type { LifecycleEvents } from "../../../src/session/events.js";

test("a store that answers again is told once, with how often it could not be asked", async () => {
  const events = new Emitter<LifecycleEvents>((error) => {
    throw error;
  });
  const told: string[] = [];
  events.on("call_store_failed", ({ operation }) => told.push(`failed: ${operation}`));
  events.on("call_store_recovered", ({ failures }) => told.push(`recovered after ${failures}`));
  const tasks = new BackgroundTasks(events);
  const away = () => Promise.reject(new Error("away"));

  expect(await tasks.ask(() => Promise.resolve(1))).toBe(1);
  await expect(tasks.ask(away)).rejects.toMatchObject({ code: "overloaded" });
  tasks.run(away());
  await tasks.close();
  expect(await tasks.ask(() => Promise.resolve(2))).toBe(2);
  expect(await tasks.ask(() => Promise.resolve(3))).toBe(3);
  expect(told).toEqual(["failed: ask", "failed: work", "recovered after 2"]);
});
