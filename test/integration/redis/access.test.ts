import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Authority, noOpensslReason, type KeyPair } from "../../support/certificates.js";
import { freePort } from "../../support/free-port.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";

interface Health {
  checks: { redis: string };
  warnings: string[];
}

const [OLD, NEW] = ["the-old-password-of-redis", "the-new-password-of-redis"];

async function startRedis(...args: Parameters<typeof RedisServer.start>): Promise<RedisServer> {
  const redis = await RedisServer.start(...args);
  onTestFinished(() => redis.stop());
  return redis;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "lastseen-access-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const healthOf = async (node: TestService): Promise<Health> => (await (await node.get("/api/health")).json()) as Health;

const isAt = (node: TestService, state: "ok" | "failing") => async (): Promise<boolean> =>
  (await healthOf(node)).checks.redis === state;

/** Everything that a reader of logs and health sees. */
const shown = async (node: TestService): Promise<string> => JSON.stringify([node.log, await healthOf(node)]);

const connections = async (redis: RedisServer): Promise<string[]> =>
  [...(await redis.cli("client", "list")).matchAll(/^id=(\d+) .* name=lastseen-/gm)].map(([, id = ""]) => id);

/** Ends the connections of the service, as a restart of Redis would. */
async function cut(redis: RedisServer): Promise<void> {
  for (const id of await connections(redis)) await redis.cli("client", "kill", "id", id);
}

/** Ends the two connections of the service, and waits until there are two new ones. */
async function renew(redis: RedisServer): Promise<void> {
  const old = await connections(redis);
  await cut(redis);
  await until(async () => (await connections(redis)).filter((id) => !old.includes(id)).length === 2);
}

/** One server that calls itself a cluster. */
async function startCluster(config: string[] = []): Promise<RedisServer> {
  const redis = await startRedis({ config: ["cluster-enabled yes", "cluster-announce-ip 127.0.0.1", ...config] });
  await redis.cli("cluster", "addslotsrange", "0", "16383");
  await until(async () => (await redis.cli("cluster", "info")).includes("cluster_state:ok"));
  return redis;
}

const monitor = (redis: RedisServer, port = redis.port): string => `sentinel monitor m 127.0.0.1 ${port} 1`;

describe.skipIf(noRedisReason)("the password of Redis", () => {
  test.each(["standalone", "sentinel", "cluster"] as const)(
    "of kind %s changes without a restart: the service reads it again for the next connection",
    async (kind) => {
      const redis = kind === "cluster" ? await startCluster() : await startRedis();
      await redis.cli("acl", "setuser", "app", "on", `>${OLD}`, "~*", "&*", "+@all");
      await redis.cli("acl", "setuser", "default", "on");
      const file = join(folder(), "password");
      writeFileSync(file, `${OLD}\n`);
      const url = {
        standalone: async () => redis.url,
        cluster: async () => `redis+cluster://127.0.0.1:${redis.port}`,
        sentinel: async () => {
          const sentinel = await startRedis({ sentinel: true, config: [monitor(redis)] });
          return `redis+sentinel://127.0.0.1:${sentinel.port}/m`;
        },
      };
      const node = await startService({
        NODE_ID: "a",
        PUBLIC_URL: "http://127.0.0.1:1",
        REDIS_URL: await url[kind](),
        REDIS_USERNAME: "app",
        REDIS_PASSWORD_FILE: file,
      });
      expect(await healthOf(node)).toMatchObject({ checks: { redis: "ok" }, warnings: [] });
      expect(await redis.cli("client", "list")).toContain("user=app");

      await redis.cli("acl", "setuser", "app", "resetpass", `>${NEW}`);
      await cut(redis);
      await until(async () => (await healthOf(node)).warnings.join().includes("refuses this service's user"));
      writeFileSync(file, `${NEW}\n`);
      await until(isAt(node, "ok"));
      await node.join("ada", "daily");

      // A file that is gone for a moment does not matter: what was read last counts.
      rmSync(file);
      await cut(redis);
      await until(() => node.log.some(({ msg }) => msg.startsWith("a file for Redis can't be used")));
      await until(isAt(node, "ok"));
      expect(await shown(node)).not.toMatch(new RegExp(`${OLD}|${NEW}`));
    },
  );

  test("in the file of REDIS_URL changes in the same way", async () => {
    const redis = await startRedis({ config: [`requirepass ${OLD}`], password: OLD });
    const file = join(folder(), "url");
    writeFileSync(file, `redis://:${OLD}@127.0.0.1:${redis.port}`);
    const node = await startService({ NODE_ID: "a", PUBLIC_URL: "http://127.0.0.1:1", REDIS_URL_FILE: file });
    expect(await healthOf(node)).toMatchObject({ checks: { redis: "ok" } });

    await redis.cli("config", "set", "requirepass", NEW);
    writeFileSync(file, `redis://:${NEW}@127.0.0.1:${redis.port}`);
    redis.password = NEW;
    await renew(redis);
    await until(isAt(node, "ok"));
    expect(await shown(node)).not.toMatch(new RegExp(`${OLD}|${NEW}`));
  });

  test("of the sentinels is another one; without it health says that a sentinel refuses, and it can change too", async () => {
    const redis = await startRedis();
    const config = [monitor(redis), `requirepass ${OLD}`];
    const sentinel = await startRedis({ sentinel: true, config, password: OLD });
    const file = join(folder(), "password");
    writeFileSync(file, OLD);
    const env = { PUBLIC_URL: "http://127.0.0.1:1", REDIS_URL: `redis+sentinel://127.0.0.1:${sentinel.port}/m` };
    const stranger = await startService({ ...env, NODE_ID: "b" });
    await until(async () => (await healthOf(stranger)).warnings.join().includes("a sentinel refuses"));
    const node = await startService({ ...env, NODE_ID: "a", REDIS_SENTINEL_PASSWORD_FILE: file });
    expect(await healthOf(node)).toMatchObject({ checks: { redis: "ok" } });

    await sentinel.cli("config", "set", "requirepass", NEW).catch(() => undefined);
    await sentinel.cli("acl", "setuser", "default", "resetpass", `>${NEW}`);
    sentinel.password = NEW;
    writeFileSync(file, NEW);
    await renew(redis);
    await until(isAt(node, "ok"));
    expect(await shown(node)).not.toMatch(new RegExp(`${OLD}|${NEW}`));
  });
});

const noTlsReason = noRedisReason ?? noOpensslReason;

describe.skipIf(noTlsReason)("TLS with certificates on both sides", () => {
  /** A server that takes only clients with a certificate of the authority. Its plain port is for the test itself. */
  async function tlsConfig(authority: Authority, pair: KeyPair): Promise<{ port: number; config: string[] }> {
    const port = await freePort();
    const files = [`tls-cert-file ${pair.cert}`, `tls-key-file ${pair.key}`, `tls-ca-cert-file ${authority.cert}`];
    return { port, config: [`tls-port ${port}`, ...files, "tls-auth-clients yes"] };
  }

  test.each(["standalone", "sentinel", "cluster"] as const)(
    "a service with a certificate reaches Redis of kind %s, and one without is refused",
    async (kind) => {
      const authority = await Authority.create("Authority of the test");
      const server = await authority.issue("server");
      const { port, config } = await tlsConfig(authority, server);
      const start = {
        standalone: async () => {
          await startRedis({ config });
          return `rediss://localhost:${port}`;
        },
        cluster: async () => {
          await startCluster([...config, "tls-cluster yes"]);
          return `rediss+cluster://127.0.0.1:${port}`;
        },
        sentinel: async () => {
          const redis = await startRedis({ config });
          const sentinelTls = await tlsConfig(authority, server);
          const watch = [monitor(redis, port), "tls-replication yes"];
          await startRedis({ sentinel: true, config: [...sentinelTls.config, ...watch] });
          return `rediss+sentinel://127.0.0.1:${sentinelTls.port}/m`;
        },
      };
      const own = await authority.issue("client");
      const env = { PUBLIC_URL: "http://127.0.0.1:1", REDIS_URL: await start[kind](), REDIS_CA_FILE: authority.cert };
      const files = { REDIS_CERT_FILE: own.cert, REDIS_KEY_FILE: own.key };
      const node = await startService({ ...env, ...files, NODE_ID: "a" });
      expect(await healthOf(node)).toMatchObject({ checks: { redis: "ok" }, warnings: [] });
      await node.join("ada", "daily");

      const stranger = await startService({ ...env, NODE_ID: "b" });
      const { checks, warnings } = await healthOf(stranger);
      expect(checks.redis).toBe("failing");
      expect(warnings.join()).toContain("certificates");
    },
  );

  test("authority, certificate and key change without a restart; a key without its certificate does not count yet", async () => {
    const [first, second] = [await Authority.create("First"), await Authority.create("Second")];
    const { port, config } = await tlsConfig(first, await first.issue("server"));
    const redis = await startRedis({ config });
    const path = (name: string): string => join(files, name);
    const files = folder();
    const put = ({ cert, key }: Partial<KeyPair>, ca?: string): void => {
      if (ca !== undefined) copyFileSync(ca, path("ca"));
      if (cert !== undefined) copyFileSync(cert, path("cert"));
      if (key !== undefined) copyFileSync(key, path("key"));
    };
    put(await first.issue("client"), first.cert);
    const node = await startService({
      NODE_ID: "a",
      PUBLIC_URL: "http://127.0.0.1:1",
      REDIS_URL: `rediss://localhost:${port}`,
      REDIS_CA_FILE: path("ca"),
      REDIS_CERT_FILE: path("cert"),
      REDIS_KEY_FILE: path("key"),
    });
    expect(await healthOf(node)).toMatchObject({ checks: { redis: "ok" } });

    const next = await second.issue("client");
    put({ key: next.key });
    await cut(redis);
    await until(() => JSON.stringify(node.log).includes("is not the key of the certificate"));
    await until(isAt(node, "ok"));

    const server = await second.issue("server");
    for (const [setting, file] of Object.entries({ cert: server.cert, key: server.key, "ca-cert": second.cert })) {
      copyFileSync(file, join(redis.folder, setting));
    }
    const file = (name: string): string => join(redis.folder, name);
    const named = { "tls-cert-file": "cert", "tls-key-file": "key", "tls-ca-cert-file": "ca-cert" };
    await redis.cli("config", "set", ...Object.entries(named).flatMap(([setting, name]) => [setting, file(name)]));
    await cut(redis);
    await until(isAt(node, "failing"));
    put({ cert: next.cert }, second.cert);
    await until(isAt(node, "ok"));
    await node.join("ada", "daily");
  });

  test.each([
    [
      "a file that is missing",
      { REDIS_CA_FILE: "/nowhere/ca.pem" },
      /REDIS_CA_FILE "\/nowhere\/ca.pem" cannot be read/,
    ],
    ["a file that is no certificate", { REDIS_CA_FILE: import.meta.filename }, /REDIS_CA_FILE .* has no certificate/],
  ])("%s is told at start by its setting", async (_what, env, message) => {
    await expect(startService({ REDIS_URL: "rediss://localhost:1", ...env })).rejects.toThrow(message);
  });

  test("a key of another certificate is told at start by its setting", async () => {
    const authority = await Authority.create("Authority of the test");
    const [one, other] = [await authority.issue("one"), await authority.issue("other")];
    const env = { REDIS_CERT_FILE: one.cert, REDIS_KEY_FILE: other.key };
    await expect(startService({ REDIS_URL: "rediss://localhost:1", ...env })).rejects.toThrow(
      /REDIS_KEY_FILE .* is not the key of the certificate in REDIS_CERT_FILE/,
    );
  });
});

test.skipIf(noRedisReason)("two services with different prefixes in one Redis do not see each other", async () => {
  const redis = await startRedis();
  const env = { NODE_ID: "a", PUBLIC_URL: "http://127.0.0.1:1", REDIS_URL: redis.url };
  const [one, two] = [await startService(env), await startService({ ...env, REDIS_PREFIX: "other:service" })];
  for (const node of [one, two]) {
    const ada = await node.join("ada", "daily");
    const { room } = await ada.request("getRoom", {});
    expect(room.participants).toHaveLength(1);
  }
  const eve = await one.hello("eve");
  await two.hello("bob");
  expect(await eve.ask("startCall", { to: "bob", kind: "audio" })).toMatchObject({ error: { code: "callee_offline" } });
  for (const node of [one, two]) {
    expect(await (await node.get("/metrics")).text()).toMatch(/^lastseen_nodes_seen 1$/m);
    const { sessions } = (await (await node.get("/api/sessions")).json()) as { sessions: unknown[] };
    expect(sessions).toHaveLength(2);
  }
  const prefixes = new Set((await redis.cli("keys", "*")).split("\n").map((key) => key.split(":{all}:")[0]));
  expect(prefixes).toEqual(new Set(["lastseen", "other:service"]));
});
