import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { WebSocketServer } from "ws";
import { describe, expect, test } from "vitest";
import { lastseen } from "../../../src/plugin/index.js";
import { TestClient } from "../../support/test-client.js";
import { handshake, RawSocket } from "../gateway/raw-socket.js";
import { until } from "../../support/until.js";
import { application, enter, refusedHandshake, registerLastseen } from "./application.js";
import { JWT_SECRET } from "../../support/secrets.js";

const ORIGIN = "http://localhost:3002";

/** The application's own WebSocket route, with the same Fastify plugin that Lastseen uses. */
async function echo(app: FastifyInstance): Promise<void> {
  await app.register(websocket);
  await app.register(async (scope) => {
    scope.get("/echo", { websocket: true }, (socket) => {
      socket.on("message", (data: Buffer) => socket.send(data.toString()));
    });
  });
}

async function echoes(client: TestClient): Promise<void> {
  client.sendRaw('{"type":"hi"}');
  await client.frame(({ type }) => type === "hi");
}

describe("Beside the existing parts of an application", () => {
  test.each([
    ["before", true],
    ["after", false],
  ])("its own WebSocket routes, registered %s, work as ours do", async (_when, before) => {
    const { app, log, listen } = application();
    if (before) await echo(app);
    await registerLastseen(app, { prefix: "/presence" });
    if (!before) await echo(app);
    const { connect, port } = await listen();
    const [ours, theirs] = [await connect("/presence/ws"), await connect("/echo")];
    await enter(ours, "ann", "daily");
    await echoes(theirs);
    await enter(await connect("/presence/ws?from=page"), "ben", "daily");
    expect(app.lastseen.whoIsIn("daily")).toHaveLength(2);
    expect(await refusedHandshake(port, "/presence/ws", { origin: "http://elsewhere" })).toBe(403);
    await app.close();
    expect(await ours.closed()).toBe(1012);
    expect(log.filter(({ level }) => level >= 50)).toEqual([]);
    expect(log.filter(({ msg }) => msg === "websocket upgrade failed")).toEqual([]);
  });

  test("a WebSocket server that does not use Fastify goes on working", async () => {
    const { app, listen } = application();
    await registerLastseen(app);
    const server = new WebSocketServer({ noServer: true });
    app.server.on("upgrade", (request, socket, head) => {
      if (request.url !== "/raw") return;
      server.handleUpgrade(request, socket, head, (client) => client.send('{"type":"raw"}'));
    });
    const { connect } = await listen();
    await enter(await connect(), "ann", "daily");
    const raw = await connect("/raw");
    await raw.frame(({ type }) => type === "raw");
    raw.reset();
    await enter(await connect(), "ben", "daily");
  });

  test("a handshake waits for the answer to the request before it on the same connection", async () => {
    const { app, listen } = application();
    await registerLastseen(app);
    let answer: (text: string) => void = () => {};
    app.get("/slow", () => new Promise<string>((resolve) => (answer = resolve)));
    const { port } = await listen();
    const socket = await RawSocket.open(port);
    socket.write(`GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n${handshake()}`);
    setTimeout(() => answer("slow"), 100);
    const text = await socket.until("101 Switching Protocols", 5_000);
    expect(text.indexOf("slow")).toBeLessThan(text.indexOf("101 Switching Protocols"));
  });

  test("the application's cors and helmet apply to Lastseen's routes too", async () => {
    const { app, listen } = application();
    await app.register(cors, { origin: "https://app.example" });
    await app.register(helmet);
    await registerLastseen(app, { prefix: "/presence" });
    app.get("/own", () => "own");
    const { http, connect } = await listen();
    for (const path of ["/own", "/presence/api/health"]) {
      const { status, headers } = await fetch(`${http}${path}`);
      expect(status).toBe(200);
      expect(headers.get("access-control-allow-origin")).toBe("https://app.example");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
    await enter(await connect("/presence/ws"), "ann", "daily");
  });

  test("errors of the application's routes keep their form, and errors of Lastseen's routes have Lastseen's form", async () => {
    const { app, listen } = application();
    app.setErrorHandler((_error, _request, reply) => reply.code(418).send({ own: true }));
    app.setNotFoundHandler((_request, reply) => reply.code(404).send({ nothing: true }));
    await registerLastseen(app);
    app.get("/own", () => {
      throw new Error("own");
    });
    const { http } = await listen();
    const ask = async (path: string) => (await fetch(`${http}${path}`)).json();
    expect(await ask("/own")).toEqual({ own: true });
    expect(await ask("/nowhere")).toEqual({ nothing: true });
    expect(await ask("/api/sessions/nobody")).toMatchObject({ error: { code: "not_found" } });
  });

  test.each([
    ["with", true],
    ["without", false],
  ])("its hooks see the handshake and may refuse it, %s WebSockets of its own", async (_how, own) => {
    const { app, listen } = application();
    app.addHook("onRequest", async (request, reply) => {
      if (request.headers["x-key"] !== "right") return reply.code(401).send({ own: true });
      return undefined;
    });
    if (own) await echo(app);
    await registerLastseen(app);
    const { port } = await listen();
    expect(await refusedHandshake(port, "/ws")).toBe(401);
    const client = await TestClient.open(`ws://127.0.0.1:${port}/ws`, { headers: { "x-key": "right" } });
    await enter(client, "ann", "daily");
  });

  test("the application's schema compilers do not affect Lastseen's routes", async () => {
    const { app } = application();
    const foreign = () => {
      throw new Error("not a schema of the application");
    };
    app.setValidatorCompiler(foreign);
    app.setSerializerCompiler(foreign);
    await registerLastseen(app);
    expect((await app.inject("/api/sessions?limit=5")).json()).toMatchObject({ sessions: [], cursor: null });
    expect((await app.inject("/api/sessions")).statusCode).toBe(200);
    const wrong = await app.inject("/api/sessions?limit=many");
    expect(wrong.statusCode).toBe(400);
    expect(wrong.json()).toMatchObject({ error: { code: "bad_message" } });
    const beacon = { method: "POST", url: "/api/sessions/leave", headers: { "content-type": "text/plain" } } as const;
    const payload = JSON.stringify({ sessionId: "nobody", resumeToken: "nothing" });
    expect((await app.inject({ ...beacon, payload })).statusCode).toBe(204);
  });

  test("the server answers an upgrade to another protocol in HTTP when nothing else handles it", async () => {
    const { app, listen } = application();
    await registerLastseen(app);
    app.get("/own", () => "own");
    const { port } = await listen();
    expect(await refusedHandshake(port, "/own", { upgrade: "h2c" })).toBe(200);
    expect(await refusedHandshake(port, "/ws", { upgrade: "h2c" })).toBe(426);
  });
});

describe("The registration", () => {
  test("fails the second time, also in another scope", async () => {
    const { app } = application();
    await registerLastseen(app);
    await expect(registerLastseen(app, { prefix: "/again" })).rejects.toThrow(/already registered in this application/);
  });

  test("names every problem of the settings at once", async () => {
    const { app } = application();
    const settings = { HEARTBEAT_INTERVAL_MS: 1, NOTHING: 1 } as object;
    const wrong = app.register(lastseen, { settings });
    await expect(wrong).rejects.toThrow(
      /HEARTBEAT_INTERVAL_MS .*\n.*NOTHING is not a setting.*\n.*JWT_SECRET is needed/,
    );
  });

  test("refuses settings that the application decides", async () => {
    const { app } = application();
    await expect(app.register(lastseen, { settings: { PORT: 1 } as object })).rejects.toThrow(
      /PORT is a setting of the separate service/,
    );
  });

  test("leaves the ports of the environment to the application", async () => {
    const { app } = application();
    await app.register(lastseen, { environment: "development", env: { PORT: "3002", WEB_PORT: "3002" } });
    await app.ready();
    expect((await app.inject("/api/health")).statusCode).toBe(200);
  });

  test("reads the environment only when it is given", async () => {
    const { app } = application();
    await app.register(lastseen, { env: { JWT_SECRET, PORT: "4000" } });
    await app.ready();
    expect((await app.inject("/api/sessions")).statusCode).toBe(404);
    expect((await app.inject("/api/health")).json()).toMatchObject({ status: "OK", checks: { media: "unseen" } });
  });
});

describe("An application's own authentication", () => {
  test("decides who says hello, in production too", async () => {
    const { app, listen } = application();
    const authenticate = ({ token }: { token?: string }) => {
      if (token !== "right") throw new Error("wrong token");
      return { userId: "ann", rooms: ["daily"] };
    };
    await app.register(lastseen, { authenticate, settings: { CORS_ORIGIN: ORIGIN } });
    const { connect } = await listen();
    const stranger = await connect();
    const refused = await stranger.ask("hello", { tabId: "t", token: "wrong" });
    expect(refused).toMatchObject({ ok: false, error: { code: "unauthorized" } });
    expect(await stranger.closed()).toBe(4401);
    const ann = await connect();
    expect(await ann.request("hello", { tabId: "t", token: "right" })).toMatchObject({ user: { id: "ann" } });
    expect(await ann.ask("join", { roomId: "weekly" })).toMatchObject({ ok: false, error: { code: "forbidden" } });
    expect(app.lastseen.sessionsOf("ann")).toHaveLength(1);
  });

  test("its authenticate may be asynchronous: a rejection refuses, a wrong answer is an internal error, no answer is overloaded", async () => {
    const { app, listen } = application();
    const authenticate = async ({ token }: { token?: string }) => {
      if (token === "wrong") throw new Error("wrong token");
      if (token === "never") await new Promise(() => {});
      return { userId: token === "broken" ? "" : "ann" };
    };
    await app.register(lastseen, { authenticate, settings: { CORS_ORIGIN: ORIGIN } });
    const { connect } = await listen();
    const codeOf = async (token: string) => {
      const client = await connect();
      const answer = await client.ask("hello", { tabId: "t", token });
      return answer.ok ? "ok" : answer.error.code;
    };
    const tokens = ["right", "wrong", "broken", "never"];
    expect(await Promise.all(tokens.map(codeOf))).toEqual(["ok", "unauthorized", "internal", "overloaded"]);
    expect(app.lastseen.sessionsOf("ann")).toHaveLength(1);
  });
});

describe("app.lastseen", () => {
  test("tells of every step of a session's life", async () => {
    const { app, listen } = application();
    await registerLastseen(app);
    const steps: string[] = [];
    for (const event of ["joined", "away", "back", "left"] as const) app.lastseen.on(event, () => steps.push(event));
    const { connect } = await listen();
    const client = await connect();
    await enter(client, "ann", "daily");
    client.reset();
    await until(() => steps.includes("left"));
    expect(steps[0]).toBe("joined");
    expect(steps.at(-1)).toBe("left");
    expect(app.lastseen.sessionsOf("ann")).toEqual([]);
  });

  test("is there for the application's own plugins", async () => {
    const { app } = application();
    await registerLastseen(app);
    await app.register(async (scope) => {
      scope.get("/who", () => scope.lastseen.whoIsIn("daily"));
    });
    expect((await app.inject("/who")).json()).toEqual([]);
  });
});
