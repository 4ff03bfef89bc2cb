import { describe, expect, onTestFinished, test } from "vitest";
import { startTestService, type TestService, type TestSettings } from "../../../src/testing/index.js";

async function start(settings: TestSettings = {}): Promise<TestService> {
  const service = await startTestService({ settings });
  onTestFinished(() => service.close());
  return service;
}

/** Ada watches what becomes of Bob. */
async function pair(settings?: TestSettings) {
  const service = await start(settings);
  const ada = await service.person({ userId: "ada", name: "Ada", roomId: "daily" });
  const bob = await service.person({ userId: "bob", name: "Bob", roomId: "daily" });
  const seen: string[] = [];
  ada.client.on("user_away", ({ userId, reason }) => seen.push(`${userId} away: ${reason}`));
  ada.client.on("user_back", ({ userId }) => seen.push(`${userId} back`));
  ada.client.on("user_left", ({ userId, reason }) => seen.push(`${userId} left: ${reason}`));
  return { service, ada, bob, seen };
}

const names = (service: TestService): string[] =>
  service
    .whoIsIn("daily")
    .map(({ name }) => name)
    .toSorted();

describe("a product's test can let somebody", () => {
  test("lose the network: away after two unanswered pings, gone when the grace is over, while the others stay", async () => {
    const { service, bob, seen } = await pair();
    bob.cut();
    await service.pass(12_000);
    await service.until(() => seen.length === 1);
    expect(seen[0]).toMatch(/^bob away: /);
    expect(names(service)).toEqual(["Ada", "Bob"]);
    await service.pass(30_000);
    await service.until(() => seen.length === 2);
    expect(seen[1]).toMatch(/^bob left: /);
    await service.pass(300_000, 100);
    expect(names(service)).toEqual(["Ada"]);
    expect(seen).toHaveLength(2);
  });

  test("come back in time: one participant, who was away and is back", async () => {
    const { service, bob, seen } = await pair();
    bob.cut();
    await service.pass(12_000);
    await service.until(() => seen.length === 1);
    bob.line.mend();
    await service.until(() => seen.includes("bob back"));
    await service.pass(60_000);
    expect(names(service)).toEqual(["Ada", "Bob"]);
  });

  test("be killed", async () => {
    const { service, bob, seen } = await pair();
    bob.kill();
    await service.until(() => seen.length === 1);
    await service.pass(10_000);
    await service.until(() => names(service).join() === "Ada");
  });

  test("freeze, and come back", async () => {
    const { service, bob, seen } = await pair();
    bob.freeze();
    await service.pass(2_000);
    await service.until(() => seen.length === 1);
    bob.thaw();
    await service.until(() => seen.includes("bob back"));
  });

  test("open a second tab, which takes the session over without a leave", async () => {
    const { service, bob, seen } = await pair({ MULTI_TAB_POLICY: "transfer" });
    const before = bob.client.session?.sessionId;
    const tab = await bob.secondTab();
    expect(tab.client.session?.sessionId).toBe(before);
    await service.until(() => bob.client.state === "disconnected");
    expect(seen).toEqual([]);
    await tab.leave();
    await service.until(() => seen.length === 1);
    expect(seen).toEqual(["bob left: left"]);
  });

  test("live through a service that stands still", async () => {
    const { service, seen } = await pair();
    service.stall(3_000);
    await service.pass(60_000);
    expect(names(service)).toEqual(["Ada", "Bob"]);
    expect(seen).toEqual([]);
  });
});

test("a page of the product can use a line of its own, and the service's own address stays up when that line is cut", async () => {
  const service = await start();
  const line = await service.line();
  expect((await fetch(`${line.url}/health/ready`)).status).toBe(200);
  line.kill();
  await expect(fetch(`${line.url}/health/ready`)).rejects.toThrow();
  expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
  line.mend();
  expect((await fetch(`${line.url}/health/ready`)).status).toBe(200);
});

test("a wrong setting is told by its name", async () => {
  await expect(startTestService({ settings: { RESUME_GRACE_MS: -1 } })).rejects.toThrow(/RESUME_GRACE_MS/);
});
