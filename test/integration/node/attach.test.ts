import { once } from "node:events";
import type { Server } from "node:http";
import { connect as connectTcp } from "node:net";
import { describe, expect, test } from "vitest";
import { attachLastseen, ConfigError } from "../../../src/node/index.js";
import { enter, refusedHandshake, type LogLine } from "../plugin/application.js";
import { attach, plainBackend } from "./backends.js";
import { pino } from "pino";

/** What Lastseen leaves on a server. */
function traces(server: Server): unknown[] {
  const own = ["emit", "close"].map((method) => Object.hasOwn(server, method));
  return [...own, ...["upgrade", "request", "close"].map((event) => server.listenerCount(event))];
}

describe("attachLastseen", () => {
  test("without a prefix takes only its own routes, and leaves the body of all others to the application", async () => {
    const backend = plainBackend();
    const [listener] = backend.server.listeners("request");
    backend.server.removeAllListeners("request");
    const { listen, connect } = await attach(backend, { prefix: "" });
    // The application's listener comes after Lastseen.
    backend.server.on("request", (request, response) => {
      if (request.method === "POST") request.pipe(response);
      else listener?.call(backend.server, request, response);
    });
    const http = await listen();
    await enter(await connect("/ws"), "ann", "daily");
    expect(await (await fetch(`${http}/own`)).text()).toBe("own");
    expect(await (await fetch(`${http}/api/health`)).json()).toMatchObject({ status: "OK", connectedUsers: 1 });
    expect((await fetch(`${http}/api/own`)).status).toBe(404);
    const body = "x".repeat(100_000);
    expect(await (await fetch(`${http}/api/own`, { method: "POST", body })).text()).toBe(body);
    expect(await (await fetch(`${http}/%zz`, { method: "POST", body: "odd path" })).text()).toBe("odd path");
  });

  test("leaves upgrades that nobody handles to HTTP, as Node does", async () => {
    const backend = plainBackend();
    const { listen } = await attach(backend);
    const port = Number(new URL(await listen()).port);
    expect(await refusedHandshake(port, "/own", { upgrade: "h2c" })).toBe(200);
    expect(await refusedHandshake(port, "/own")).toBe(200);
    expect(await refusedHandshake(port, "/presence/ws", { origin: "http://elsewhere" })).toBe(403);
  });

  test("answers requests on one connection in their order, also across an upgrade", async () => {
    const backend = plainBackend();
    const { listen } = await attach(backend);
    const port = Number(new URL(await listen()).port);
    const line = connectTcp(port, "127.0.0.1");
    await once(line, "connect");
    let text = "";
    line.on("data", (data: Buffer) => (text += data.toString("latin1")));
    const upgrade = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13";
    const key = "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==";
    line.write(
      "GET /own HTTP/1.1\r\nhost: a\r\n\r\n" +
        "GET /presence/health/live HTTP/1.1\r\nhost: a\r\n\r\n" +
        `GET /presence/ws HTTP/1.1\r\nhost: a\r\n${upgrade}\r\n${key}\r\n\r\n`,
    );
    await expect.poll(() => text).toContain("101 Switching Protocols");
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 101"]);
    line.destroy();
  });

  test("gives the server back as it was when it closes, and can be attached again", async () => {
    const backend = plainBackend();
    const { server } = backend;
    const before = traces(server);
    const { lastseen, listen, connect } = await attach(backend);
    const http = await listen();
    const client = await connect();
    await enter(client, "ann", "daily");
    await expect(attachLastseen(server)).rejects.toThrow(/already attached/);
    await Promise.all([lastseen.close(), lastseen.close()]);
    expect(await client.closed()).toBe(1012);
    expect(traces(server)).toEqual(before);
    expect((await fetch(`${http}/presence/api/health`)).status).toBe(404);
    expect(await (await fetch(`${http}/own`)).text()).toBe("own");
    const again = await attachLastseen(server, { environment: "test", logger: false });
    await again.close();
  });

  test("writes to the logger of the application", async () => {
    const log: LogLine[] = [];
    const logger = pino({ level: "info" }, { write: (line: string) => void log.push(JSON.parse(line) as LogLine) });
    const { listen, connect } = await attach(plainBackend(), { logger });
    await listen();
    await enter(await connect(), "ann", "daily");
    expect(log.map(({ msg, part }) => [msg, part])).toContainEqual(["joined room", "lastseen"]);
  });

  test("names what is wrong with what it is given", async () => {
    const { server } = plainBackend();
    const before = traces(server);
    const attachTo = attachLastseen as (server: unknown, options?: object) => Promise<unknown>;
    await expect(attachTo(() => {})).rejects.toThrow(/server must be an HTTP server, not the application/);
    await expect(attachTo(undefined)).rejects.toThrow(TypeError);
    await expect(attachTo(server, { prefix: "presence/" })).rejects.toThrow(/prefix must begin with a "\/"/);
    await expect(attachTo(server, { logger: false })).rejects.toThrow(ConfigError);
    await expect(attachTo(server, { environment: "test", settings: { PORT: 1 } })).rejects.toThrow(/PORT is a setting/);
    expect(traces(server)).toEqual(before);
  });
});
