import { expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";

async function ask(service: TestService, path: string): Promise<Record<string, unknown>> {
  return (await (await service.get(`/api/${path}`)).json()) as Record<string, unknown>;
}

test("the history shows the joins of this minute, and that nobody was evicted", async () => {
  const service = await startService();
  await service.join("ada", "daily");
  await service.join("bob", "daily");
  const { nodeId, minutes } = await ask(service, "history");
  expect(nodeId).toBe((await ask(service, "health"))["nodeId"]);
  const joins = (minutes as { joins: number; evictions: number }[]).reduce((sum, minute) => sum + minute.joins, 0);
  expect(joins).toBe(2);
  expect(minutes).toContainEqual(
    expect.objectContaining({ evictions: 0, detection: { count: 0, medianMs: null, longestMs: null } }),
  );
});

test("the list of nodes shows a node that is alone, with what it holds", async () => {
  const service = await startService();
  await service.join("ada", "daily");
  await service.hello("bob");
  const { nodes, missing } = await ask(service, "nodes");
  expect(nodes).toEqual([
    {
      nodeId: (await ask(service, "health"))["nodeId"],
      version: expect.any(String),
      uptimeSeconds: expect.any(Number),
      sessions: 2,
      ghosts: 0,
      rooms: 1,
      participants: 1,
      draining: false,
    },
  ]);
  expect(missing).toEqual([]);
});
