import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { checkers } from "./checkers.js";
import { checkout, NO_POWERSHELL, powershell, powershellFile, run } from "./run-script.js";

/** Both scripts give the same exit codes, texts and JSON. Each test runs with both. */

const healthy = {
  // The fields of nested objects come first: a script that reads the first "status" or "ghosts" in the text fails.
  checks: { media: { status: "degraded", ghosts: 99 }, redis: { status: "up" } },
  status: "OK",
  version: "0.1.0",
  nodeId: "node-1",
  uptimeSeconds: 61.5,
  connectedUsers: 12,
  busyUsers: 2,
  activeCalls: 1,
  sessions: 14,
  ghosts: 0,
  rooms: 3,
};

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function serveHealth(report: unknown, status = 200): Promise<string> {
  return serve((request, response) => {
    if (request.url !== "/api/health") {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(report));
  });
}

test.for(checkers)(
  "$script: the exit code of a healthy service is 0, and the text has its numbers",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const url = await serveHealth(healthy);
    const { code, stdout } = await check(`${url}/`);
    expect(code).toBe(0);
    expect(stdout).toContain(`healthy: ${url}`);
    expect(stdout).toContain("12 users, 14 sessions, 3 rooms, 1 calls, 0 ghosts");
  },
);

test.for(checkers)(
  "$script: a node that drains is healthy, and the text says that it drains",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const drained = await check(await serveHealth({ ...healthy, draining: true }));
    expect(drained.code).toBe(0);
    expect(drained.stdout).toContain("node node-1, up 61.5 s, draining");
    for (const report of [healthy, { ...healthy, draining: false }]) {
      expect((await check(await serveHealth(report))).stdout).not.toContain("draining");
    }
  },
);

test.for(checkers)(
  "$script: the exit code of a degraded service is 1, although it answers 200",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const url = await serveHealth({ ...healthy, status: "DEGRADED" });
    const { code, stdout } = await check(url);
    expect(code).toBe(1);
    expect(stdout).toContain(`unhealthy: ${url}`);
    expect(stdout).toContain("status is DEGRADED");
  },
);

test.for(checkers)(
  "$script: the exit code is 1 with more ghosts than the limit, and 0 with as many as the limit",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const url = await serveHealth({ ...healthy, ghosts: 11 });
    const standard = await check(url);
    expect(standard.code).toBe(1);
    expect(standard.stdout).toContain("11 ghosts, more than 10");
    expect((await check(url, { maxGhosts: 11 })).code).toBe(0);
    expect((await check(url, { maxGhosts: 0 })).code).toBe(1);
  },
);

test.for(checkers)(
  "$script: the exit code is 1 when the service answers 500",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const { code, stdout } = await check(await serveHealth({ error: { code: "internal" } }, 500));
    expect(code).toBe(1);
    expect(stdout).toContain("HTTP 500");
  },
);

test.for(checkers)(
  "$script: the exit code is 2 when nothing listens at the address",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const url = await serveHealth(healthy);
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    const { code, stdout } = await check(url);
    expect(code).toBe(2);
    expect(stdout).toContain(`could not check: ${url}`);
    expect(stdout).toContain("no answer");
  },
);

test.for(checkers)(
  "$script: the exit code is 2 when the service accepts the connection and does not answer",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const url = await serve(() => undefined);
    const { code, stdout } = await check(url, { timeoutSeconds: 1 });
    expect(code).toBe(2);
    expect(stdout).toContain("no answer");
  },
);

test.for(checkers)(
  "$script: the exit code is 2 when the answer is not Lastseen's",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const page = await serve((_, response) => response.end("<html><body>It works!</body></html>"));
    const other = await serveHealth({ status: "OK" });
    const nothing = await serve((_, response) => response.writeHead(404).end());
    for (const url of [page, other, nothing]) {
      const { code, stdout } = await check(url);
      expect(code).toBe(2);
      expect(stdout).toContain("is this Lastseen?");
    }
  },
);

test.for(checkers)(
  "$script: --json prints the same result as one JSON object",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const url = await serveHealth({ ...healthy, status: "DEGRADED", ghosts: 40 });
    const bad = await check(url, { json: true });
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toEqual({
      url,
      healthy: false,
      problems: ["status is DEGRADED", "40 ghosts, more than 10"],
      health: { ...healthy, status: "DEGRADED", ghosts: 40 },
    });
    const good = await check(await serveHealth(healthy), { json: true });
    expect(JSON.parse(good.stdout)).toMatchObject({ healthy: true, problems: [], health: healthy });
    const absent = await check("http://127.0.0.1:1", { json: true });
    expect(absent.code).toBe(2);
    expect(JSON.parse(absent.stdout)).toMatchObject({ healthy: null, health: null });
  },
);

test("health-check.sh: the exit code of a wrong argument is 2, and --help lists the arguments", async () => {
  const wrong = await run("bash", [`${checkout}health-check.sh`, "--ghosts", "3"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("unknown argument: --ghosts");
  expect((await run("bash", [`${checkout}health-check.sh`, "--max-ghosts", "few"])).code).toBe(2);
  const help = await run("bash", [`${checkout}health-check.sh`, "--help"]);
  expect(help.code).toBe(0);
  for (const option of ["--url", "--max-ghosts", "--timeout", "--json"]) expect(help.stdout).toContain(option);
});

test("health-check.ps1: the exit code of a wrong argument is 2, not 1, which means unhealthy", async ({ skip }) => {
  skip(powershell === undefined, NO_POWERSHELL);
  for (const wrong of [
    ["-Ghosts", "3"],
    ["-MaxGhosts", "few"],
    ["-MaxGhosts", "-1"],
    ["-TimeoutSec", "0"],
  ]) {
    const { code, stderr } = await run(powershell ?? "", [...powershellFile("health-check.ps1"), ...wrong]);
    expect(stderr).toContain("health-check: ");
    expect(code).toBe(2);
  }
});
