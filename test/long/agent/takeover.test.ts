import { describe, test } from "vitest";
import { reportedTransport, sessionAt } from "../../integration/agents/media-server.js";
import { twoNodes } from "../../integration/agents/two-nodes.js";
import { heldBy, makeTransport } from "../../integration/plugin/application.js";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { noRedisReason } from "../../support/redis-server.js";
import { until } from "../../support/until.js";

describe.skipIf(noMediaReason ?? noRedisReason)(needsMedia("An agent of another node"), () => {
  test("reports a session again to the node that took it over", async () => {
    const { near, far, sessionId, router, worker } = await twoNodes();
    const transport = await reportedTransport(far, router, sessionId);
    far.signal("SIGKILL");
    await until(async () => (await sessionAt(near, sessionId)).media?.transports === 1);
    const late = await makeTransport(router, { sessionId });
    await until(async () => (await sessionAt(near, sessionId)).media.transports === 2);
    await fetch(`${near.http}/api/sessions/${sessionId}`, { method: "DELETE" });
    await until(async () => {
      const held = await heldBy(worker);
      return !held.has(transport.id) && !held.has(late.id);
    });
  });
});
