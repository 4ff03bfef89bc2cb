import { describe, expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { noRedisReason } from "../../support/redis-server.js";
import { until } from "../../support/until.js";
import { heldBy } from "../plugin/application.js";
import { missingForPeers } from "../media/webrtc-peer.js";
import { agents, connectPeer, reportedTransport, sessionAt } from "./media-server.js";
import { twoNodes } from "./two-nodes.js";

describe.skipIf(noMediaReason ?? noRedisReason)(needsMedia("An agent of another node"), () => {
  test.skipIf(missingForPeers)(
    "reports to the node that holds the session, and does what that node orders",
    async () => {
      const { near, far, sessionId, router, worker } = await twoNodes();
      const { transport } = await connectPeer(router, sessionId);
      await until(async () => (await sessionAt(far, sessionId)).evidence.media === "connected");
      expect((await sessionAt(far, sessionId)).media.transports).toBe(1);
      expect(await agents(far)).toMatchObject([{ state: "connected", media: { transports: 1 } }]);

      await fetch(`${far.http}/api/sessions/${sessionId}`, { method: "DELETE" });
      await until(async () => !(await heldBy(worker)).has(transport.id));
      const line = () =>
        far.log.find(({ msg, sessionId: id }) => msg.startsWith("cleanup verified") && id === sessionId);
      await until(() => line() !== undefined);
      expect(line()?.["result"]).toBe("clean");
      expect(near.log.filter(({ level }) => level >= 50)).toEqual([]);
    },
  );

  test("goes to another node when its own one dies, and costs no session", async () => {
    const { client, sessionId, near, far, proxy, router, worker } = await twoNodes();
    const transport = await reportedTransport(far, router, sessionId);
    near.signal("SIGKILL");
    proxy.leadTo(far.port);
    const own = async () => ((await (await fetch(`${far.http}/api/health`)).json()) as { nodeId: string }).nodeId;
    await until(async () => {
      const [agent] = await agents(far);
      return agent?.state === "connected" && agent.nodeId === (await own());
    });
    await until(async () => (await sessionAt(far, sessionId)).media.transports === 1);
    expect(client.closeCode).toBeUndefined();
    await fetch(`${far.http}/api/sessions/${sessionId}`, { method: "DELETE" });
    await until(async () => !(await heldBy(worker)).has(transport.id));
  });
});
