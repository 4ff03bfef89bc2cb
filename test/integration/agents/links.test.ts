import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { AgentHello } from "@lastseen/protocol/agent";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { ADMIN_TOKEN, AGENT_TOKEN } from "../../support/secrets.js";
import { startService } from "../../support/service.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { until } from "../../support/until.js";
import { heldBy, makeTransport } from "../plugin/application.js";
import { missingForPeers } from "../media/webrtc-peer.js";
import {
  agents,
  connectPeer,
  mediaServer,
  reportedTransport,
  sessionAt,
  startAgent,
  startServiceWithAgents,
} from "./media-server.js";

function hello(agentId: string, link: number, name = "media-1"): AgentHello {
  return { type: "hello", agentId, name, link, host: "somewhere", pid: 1, version: "0.0.0" };
}

/** A socket that speaks as an agent. */
async function rawAgent(http: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${http.replace("http", "ws")}/agents`, {
    headers: { authorization: `Bearer ${token}` },
  });
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  return socket;
}

/** The HTTP status with which a handshake is refused. */
async function refusal(http: string, token: string): Promise<number | undefined> {
  const socket = new WebSocket(`${http.replace("http", "ws")}/agents`, {
    headers: { authorization: `Bearer ${token}` },
  });
  socket.on("error", () => {});
  const [request, response] = (await once(socket, "unexpected-response")) as [
    { destroy(): void },
    { statusCode?: number },
  ];
  request.destroy();
  return response.statusCode;
}

describe("An agent", () => {
  test("needs the token of agents, and a service that wants agents", async () => {
    const service = await startServiceWithAgents({ ADMIN_TOKEN });
    expect(await refusal(service.http, ADMIN_TOKEN)).toBe(401);
    expect(await (await service.get("/metrics")).text()).toContain(
      'lastseen_admin_guesses_total{setting="AGENT_TOKEN"} 1\n',
    );
    const without = await startService();
    expect(await refusal(without.http, AGENT_TOKEN)).toBe(404);
    expect((await service.get("/agents", { headers: { authorization: `Bearer ${AGENT_TOKEN}` } })).status).toBe(426);
  });

  test("with a wrong token says so and does not repeat it", async () => {
    const service = await startServiceWithAgents();
    const { log } = startAgent(service.http, { token: ADMIN_TOKEN });
    await until(() => log.some(({ problem }) => String(problem).includes("AGENT_TOKEN of the service")));
    expect(JSON.stringify(log)).not.toContain(ADMIN_TOKEN);
  });

  test.each([
    ["no JSON", "{"],
    ["no message of an agent", '{"type":"join"}'],
    ["something before its hello", '{"type":"bye"}'],
    ["a message that is too deep", `${"[".repeat(100)}${"]".repeat(100)}`],
  ])("that sends %s is cut off", async (_what, frame) => {
    const service = await startServiceWithAgents();
    const socket = await rawAgent(service.http, AGENT_TOKEN);
    socket.send(frame);
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(4400);
    expect(await agents(service)).toEqual([]);
  });

  test("that connects again replaces its own older connection, and an older one does not replace a newer one", async () => {
    const service = await startServiceWithAgents();
    const [first, second, late] = await Promise.all([1, 2, 3].map(() => rawAgent(service.http, AGENT_TOKEN)));
    first?.send(JSON.stringify(hello("a", 1)));
    await until(async () => (await agents(service)).length === 1);
    second?.send(JSON.stringify(hello("a", 3)));
    expect(await once(first as WebSocket, "close")).toMatchObject([4409, expect.anything()]);
    late?.send(JSON.stringify(hello("a", 2)));
    expect(await once(late as WebSocket, "close")).toMatchObject([4409, expect.anything()]);
    expect(await agents(service)).toMatchObject([{ agentId: "a", state: "connected" }]);
  });

  test("with the name of another one is told apart, and a warning names both", async () => {
    const service = await startServiceWithAgents();
    for (const id of ["a", "b"]) (await rawAgent(service.http, AGENT_TOKEN)).send(JSON.stringify(hello(id, 1)));
    await until(async () => (await agents(service)).length === 2);
    const { warnings } = (await (await service.get("/api/health")).json()) as { warnings: string[] };
    expect(warnings).toContainEqual(expect.stringContaining('Several agents have the name "media-1"'));
  });

  test("that was started again takes the place of the one before", async () => {
    const service = await startServiceWithAgents();
    const before = await rawAgent(service.http, AGENT_TOKEN);
    before.send(JSON.stringify(hello("a", 1)));
    await until(async () => (await agents(service)).length === 1);
    before.terminate();
    await until(async () => (await agents(service))[0]?.state === "away");
    (await rawAgent(service.http, AGENT_TOKEN)).send(JSON.stringify(hello("b", 1)));
    await until(async () => (await agents(service)).every(({ agentId }) => agentId === "b"));
  });

  test("that says goodbye is forgotten", async () => {
    const service = await startServiceWithAgents();
    const socket = await rawAgent(service.http, AGENT_TOKEN);
    socket.send(JSON.stringify(hello("a", 1)));
    await until(async () => (await agents(service)).length === 1);
    socket.send('{"type":"bye"}');
    await until(async () => (await agents(service)).length === 0);
  });
});

describe.skipIf(noMediaReason)(needsMedia("An agent that was cut off"), () => {
  test.skipIf(missingForPeers)(
    "reports orphans to a service that has lost its sessions, which closes those without a client",
    async () => {
      const before = await startServiceWithAgents();
      const proxy = await TcpProxy.start(before.port);
      onTestFinished(() => proxy.close());
      const { worker, router } = await mediaServer(`http://127.0.0.1:${proxy.port}`, before);
      const [ann, ben] = [await before.join("ann", "daily"), await before.join("ben", "daily")];
      const anns = await reportedTransport(before, router, ann.hello.sessionId);
      const { transport: bens } = await connectPeer(router, ben.hello.sessionId);
      await until(async () => (await sessionAt(before, ben.hello.sessionId)).evidence.media === "connected");
      await before.close();
      expect(anns.closed).toBe(false);

      const after = await startServiceWithAgents();
      proxy.leadTo(after.port);
      const orphans = async (): Promise<boolean> =>
        (await (await after.get("/metrics")).text()).includes('lastseen_media_orphans{kind="transport"} 2\n');
      await until(orphans);
      await until(async () => {
        await after.get("/api/cleanup", { method: "POST" });
        return !(await heldBy(worker)).has(anns.id);
      });
      expect((await heldBy(worker)).has(bens.id)).toBe(true);
    },
  );

  test("compares with the service when it is back: what ended meanwhile is closed, and what it closed is forgotten", async () => {
    const service = await startServiceWithAgents();
    const proxy = await TcpProxy.start(service.port);
    onTestFinished(() => proxy.close());
    const { worker, router } = await mediaServer(`http://127.0.0.1:${proxy.port}`, service);
    const [ann, ben] = [await service.join("ann", "daily"), await service.join("ben", "daily")];
    const anns = await reportedTransport(service, router, ann.hello.sessionId);
    const bens = await reportedTransport(service, router, ben.hello.sessionId);

    proxy.cut();
    await until(async () => (await agents(service))[0]?.state === "away");
    await service.get(`/api/sessions/${ann.hello.sessionId}`, { method: "DELETE" });
    await until(() => service.app.reaper.unfinished + service.app.reaper.stuck.length === 1);
    expect((await heldBy(worker)).has(anns.id)).toBe(true);
    bens.close();
    const late = await makeTransport(router, { sessionId: ben.hello.sessionId });

    proxy.heal();
    await until(async () => !(await heldBy(worker)).has(anns.id));
    await until(async () => {
      await service.get("/api/cleanup", { method: "POST" });
      return service.app.reaper.unfinished + service.app.reaper.stuck.length === 0;
    });
    await until(() => service.app.registry.find(ben.hello.sessionId)?.participation?.media.counts().transports === 1);
    expect((await heldBy(worker)).has(late.id)).toBe(true);
  });
});
