import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test, type TestContext } from "vitest";
import { TestClient } from "../../support/test-client.js";
import { PRODUCTION } from "../../support/secrets.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

class Process {
  readonly child: ChildProcess;
  /** Its exit code, once all that it has written was read. */
  readonly exit: Promise<number | null>;
  out = "";
  err = "";

  constructor({ onTestFinished }: TestContext, env: Record<string, string>) {
    const { PATH = "", HOME = "" } = process.env;
    // Loaded into the process itself: tsx's own command would stand between it and the signals.
    const args = ["--import", "tsx", "src/main.ts"];
    this.child = spawn(process.execPath, args, { cwd: ROOT, env: { PATH, HOME, ...env } });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.out += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.err += chunk.toString()));
    this.exit = once(this.child, "close").then(([code]) => code as number | null);
    onTestFinished(() => {
      this.child.kill("SIGKILL");
    });
  }

  /** Waits for a line of the log. */
  async line(matches: RegExp): Promise<RegExpExecArray> {
    const found = () => matches.exec(this.out);
    await expect.poll(found, { timeout: 50_000, message: `${matches} in the output` }).not.toBeNull();
    const match = found();
    if (!match) throw new Error("the line has gone");
    return match;
  }
}

const QUIET = { LASTSEEN_ENV: "test", SFU_WORKERS: "0" };

describe.concurrent("the process", () => {
  test("with a wrong configuration the process lists every problem and exits with 78, without opening anything", async (context) => {
    const service = new Process(context, {
      LASTSEEN_ENV: "production",
      PORT: "http",
      HELLO_TIMEOUT_MS: "-1",
      MULTI_TAB_POLICY: "both",
      JWT_SECRET: "top-secret",
      CORS_ORIGIN: "example.com",
    });
    expect(await service.exit).toBe(78);
    expect(service.err).toContain("The configuration has 5 problem(s):");
    for (const name of ["PORT", "HELLO_TIMEOUT_MS", "MULTI_TAB_POLICY", "JWT_SECRET", "CORS_ORIGIN"]) {
      expect(service.err).toMatch(new RegExp(`^  - ${name} `, "m"));
    }
    expect(service.err).not.toContain("top-secret");
    expect(service.out).toBe("");
  });

  test("production without a secret does not start", async (context) => {
    const service = new Process(context, { LASTSEEN_ENV: "production" });
    expect(await service.exit).toBe(78);
    expect(service.err).toContain("JWT_SECRET is needed");
  });

  test("production does not start with a secret that is easy to guess, and says how to make a good one", async (context) => {
    const service = new Process(context, { ...PRODUCTION, ADMIN_TOKEN: "a".repeat(40) });
    expect(await service.exit).toBe(78);
    expect(service.err).toMatch(/^ {2}- ADMIN_TOKEN is easy to guess, .*openssl rand -hex 32.*PowerShell/m);
  });

  test("NODE_ENV=production without LASTSEEN_ENV is production, which does not start without a secret", async (context) => {
    const service = new Process(context, { NODE_ENV: "production", LASTSEEN_ENV: "" });
    expect(await service.exit).toBe(78);
    expect(service.err).toContain("JWT_SECRET is needed");
  });

  test("when nobody chose an environment, a HOST for other machines is a wrong configuration", async (context) => {
    const service = new Process(context, { HOST: "0.0.0.0", PORT: "0", WEB_PORT: "0", SFU_WORKERS: "0" });
    expect(await service.exit).toBe(78);
    expect(service.err).toMatch(/^ {2}- HOST "0\.0\.0\.0" needs LASTSEEN_ENV/m);
    expect(service.out).toBe("");
  });

  test("with port 0 the port that it got is printed; a signal tells the clients and ends the process with 0", async (context) => {
    const service = new Process(context, { ...QUIET, PORT: "0" });
    const [, port] = await service.line(/"msg":"service: http:\/\/localhost:(\d+)"/);
    expect(Number(port)).toBeGreaterThan(1024);
    const health = await fetch(`http://127.0.0.1:${port}/api/health`);
    expect(await health.json()).toMatchObject({ status: "OK" });
    const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`);
    await client.request("hello", { tabId: "t" });
    service.child.kill("SIGTERM");
    await client.event("server_closing");
    expect(await client.closed()).toBe(1012);
    expect(await service.exit).toBe(0);
    expect(service.out).toContain('"msg":"stopped"');
    // Nothing is deprecated, nothing is left unhandled.
    expect(service.err).toBe("");
  });

  test.for<[string, Record<string, string>, (port: number) => string]>([
    ["PORT", {}, (port: number) => `PORT ${port} on 127.0.0.1 is taken`],
    ["WEB_PORT", {}, (port: number) => `WEB_PORT ${port} on 127.0.0.1 is taken`],
    ["SFU_PORT", { SFU_WORKERS: "1" }, (port: number) => `SFU_PORT ${port} (tcp) on 127.0.0.1 is taken`],
  ])(
    "a %s that is taken is one line that says so, with exit code 1, before anybody was let in",
    async ([name, env, reason], context) => {
      const other = createServer();
      context.onTestFinished(() => {
        other.close();
      });
      other.listen(0, "127.0.0.1");
      await once(other, "listening");
      const { port } = other.address() as AddressInfo;
      const service = new Process(context, { ...QUIET, PORT: "0", ...env, [name]: String(port) });
      expect(await service.exit).toBe(1);
      expect(service.err).toBe(`Lastseen could not start: ${reason(port)}\n`);
      expect(service.out).not.toContain("service: http");
    },
  );

  test.for<[string, string]>([
    ["/nope", "does not exist"],
    ["/etc/passwd", "cannot be run: it is no file that this user may execute"],
  ])("MEDIASOUP_WORKER_BIN %s is a wrong configuration: it %s", async ([path, problem], context) => {
    const service = new Process(context, { ...QUIET, PORT: "0", SFU_WORKERS: "1", MEDIASOUP_WORKER_BIN: path });
    expect(await service.exit).toBe(78);
    expect(service.err).toContain(`  - MEDIASOUP_WORKER_BIN ${path} ${problem}\n`);
  });
});
