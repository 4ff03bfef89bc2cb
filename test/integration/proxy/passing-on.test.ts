import { Agent, request } from "node:https";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { ADMIN_TOKEN } from "../../support/secrets.js";
import { startService } from "../../support/service.js";
import { TestClient } from "../../support/test-client.js";
import { PROXIES, type Proxy } from "./proxies.js";

/** docs/security.md, "What the proxy must do", for the files in `config/nginx` and `config/haproxy`. */

interface Answer {
  status: number;
  body: string;
}

class Asker {
  readonly #proxy: Proxy;
  readonly #agent: Agent;

  /** @param localAddress the address that the proxy sees */
  constructor(proxy: Proxy, localAddress = "127.0.0.1") {
    this.#proxy = proxy;
    this.#agent = new Agent({ ca: proxy.ca, localAddress, keepAlive: true, maxSockets: 8 });
    onTestFinished(() => this.#agent.destroy());
  }

  ask(path: string, { headers = {}, body = "" }: { headers?: object; body?: string } = {}): Promise<Answer> {
    const { hostname, port } = new URL(this.#proxy.url);
    const method = body === "" ? "GET" : "POST";
    return new Promise((resolve, reject) => {
      const asked = request({ hostname, port, path, method, headers: { ...headers }, agent: this.#agent }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        answer.once("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
      });
      asked.once("error", reject).end(body);
    });
  }
}

describe.each(PROXIES)("%s in front of a node", (_, { missing, start }) => {
  const prepare = async (env: Record<string, string> = {}) => {
    const port = await freePort();
    const trust = { ADMIN_TOKEN, TRUSTED_PROXIES: "127.0.0.1" };
    const service = await startService({ NODE_ID: "node-2", ...trust, ...env });
    // Nobody listens at the port 1.
    const proxy = await start(port, [1, service.port, 1]);
    return { service, proxy };
  };

  test.skipIf(missing)("passes on the API and the WebSocket, and nothing else", async () => {
    const { service, proxy } = await prepare();
    const asker = new Asker(proxy);
    for (const path of ["/api/health", "/n/node-2/api/health"])
      expect(await asker.ask(path)).toMatchObject({ status: 200, body: expect.stringContaining('"node-2"') });
    for (const path of ["/health/live?origin=https://app.example", "/n/node-2/health/live"])
      expect(await asker.ask(path)).toMatchObject({ status: 200, body: expect.stringContaining('"lastseen"') });
    for (const path of ["/ws", "/n/node-2/ws"]) {
      const client = await TestClient.open(`${proxy.url.replace("https", "wss")}${path}`, { ca: proxy.ca });
      await client.request("hello", { user: { id: "ada" }, tabId: path.replaceAll("/", "-") });
      client.kill();
    }

    const secret = ["/metrics", "/health/ready", "/ops", "/docs"];
    const tricks = [
      "/api/../metrics",
      "/metrics/../api/health",
      "/api/%2e%2e/metrics",
      "//metrics",
      "/api/x/../../ops",
    ];
    const strangers = ["/n/node-9", "/n/any-node", "/n/calls", `/n/127.0.0.1:${service.port}`, "/n", ""];
    const refused = [
      ...[...secret, ...tricks].flatMap((path) => [path, `/n/node-2${path}`]),
      ...strangers.map((node) => `${node}/metrics`),
      ...strangers.slice(0, -1).map((node) => `${node}/api/health`),
      "/n/node-2x/api/health",
      "/n/../n/node-2/metrics",
    ];
    for (const path of refused)
      expect(await asker.ask(path), path).toMatchObject({ status: expect.toSatisfy(isRefusal) });
  });

  test.skipIf(missing)("leaves ids in a path as the client wrote them", async () => {
    const { service, proxy } = await prepare();
    await service.join("ada", "a/b c%");
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    for (const path of ["", "/n/node-2"]) {
      const answer = await new Asker(proxy).ask(`${path}/api/rooms/a%2Fb%20c%25?x=%2F`, { headers });
      expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"a/b c%"') });
    }
  });

  test.skipIf(missing)("tells the service the client's own address, whatever the client claims", async () => {
    const { service, proxy } = await prepare({ MAX_CONNECTIONS_PER_ADDRESS: "2" });
    const asker = new Asker(proxy, "127.0.0.7");
    const headers = { "X-Forwarded-For": "203.0.113.9", authorization: "Bearer wrong" };
    expect(await asker.ask("/n/node-2/api/rooms", { headers })).toMatchObject({ status: 401 });
    const guesses = service.log.filter(({ msg }) => msg === "wrong admin token");
    expect(guesses).toMatchObject([{ address: "127.0.0.7" }]);

    const open = (localAddress: string) =>
      TestClient.open(`${proxy.url.replace("https", "wss")}/ws`, { ca: proxy.ca, localAddress, headers });
    const clients = [
      await open("127.0.0.7"),
      await open("127.0.0.7"),
      await open("127.0.0.7"),
      await open("127.0.0.8"),
    ];
    expect(await clients[2]?.closed()).toBe(1013);
    expect(clients.map(({ closeCode }) => closeCode)).toEqual([undefined, undefined, 1013, undefined]);
    for (const client of clients) client.kill();
  });

  test.skipIf(missing)("limits the requests of one address and their size", async () => {
    const { proxy } = await prepare();
    const asker = new Asker(proxy, "127.0.0.7");
    expect(await asker.ask("/api/sessions/leave", { body: "x".repeat(70_000) })).toMatchObject({ status: 413 });
    const answers = await Promise.all(Array.from({ length: 450 }, () => asker.ask("/health/live")));
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(200);
    expect(await new Asker(proxy, "127.0.0.8").ask("/health/live")).toMatchObject({ status: 200 });
  });
});

const isRefusal = (status: number): boolean => status >= 400 && status < 500;
