import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { startService } from "../../support/service.js";
import { TestClient } from "../../support/test-client.js";
import { assertNoFailure, bystanderIn } from "./bystander.js";
import { frame, handshake, RawSocket } from "./raw-socket.js";
import { ADMIN_TOKEN, PRODUCTION } from "../../support/secrets.js";

const ALLOWED = "http://localhost:3002";

test("the subprotocol is selected when it is offered, alone or among others", async () => {
  const service = await startService();
  const client = await service.connect();
  expect(client.socket.protocol).toBe("lastseen.v1");
  const raw = await RawSocket.open(service.port);
  raw.write(handshake("/ws", { "sec-websocket-protocol": "chat, lastseen.v1" }));
  expect(await raw.until("\r\n\r\n")).toMatch(/^sec-websocket-protocol: lastseen\.v1\r$/im);
});

test.each([
  ["none", undefined],
  ["only others", "chat, lastseen.v2"],
])("a client that offers %s is let in without a subprotocol", async (_what, offered) => {
  const service = await startService();
  const raw = await RawSocket.open(service.port);
  raw.write(handshake("/ws", { "sec-websocket-protocol": offered }));
  const head = await raw.until("\r\n\r\n");
  expect(head).toContain("101 Switching Protocols");
  expect(head.toLowerCase()).not.toContain("sec-websocket-protocol");
  raw.write(frame('{"id":1,"type":"hello","data":{"tabId":"t"}}'));
  await raw.until('"ok":true');
});

test("no compression is agreed on, even when it is offered", async () => {
  const service = await startService();
  const raw = await RawSocket.open(service.port);
  raw.write(handshake("/ws", { "sec-websocket-extensions": "permessage-deflate; client_max_window_bits" }));
  const head = await raw.until("\r\n\r\n");
  expect(head).toContain("101 Switching Protocols");
  expect(head.toLowerCase()).not.toContain("sec-websocket-extensions");
});

test.each([
  ["another site", "https://evil.example"],
  ["another port", "http://localhost:3003"],
  ["another scheme", "https://localhost:3002"],
  ["an allowed one with a tail", `${ALLOWED}.evil.example`],
  ["an allowed one with a path", `${ALLOWED}/`],
  ["an allowed one in capitals", ALLOWED.toUpperCase()],
  ["nobody (a sandboxed page)", "null"],
  ["nothing", ""],
])("an Origin that is %s is refused with 403 before the upgrade", async (_what, origin) => {
  const service = await startService();
  const raw = await RawSocket.open(service.port);
  raw.write(handshake("/ws", { origin }));
  const answer = await raw.closed();
  expect(answer).toMatch(/^HTTP\/1\.1 403 /);
  expect(answer).toContain('"status":403,"code":"forbidden","detail":');
  expect(answer).not.toContain("101");
  expect(service.app.gateway.connectionCount).toBe(0);
});

test("a refused Origin is one line of the log that names it, in its bounds, and CORS_ORIGIN, without a stack", async () => {
  const service = await startService();
  const origin = `https://${"x".repeat(10_000)}.example`;
  await expect(TestClient.open(service.ws, { origin })).rejects.toThrow("403");
  const [line, ...others] = service.log.filter(({ msg }) => msg === "request refused");
  expect(others).toEqual([]);
  expect(line).toMatchObject({ code: "forbidden", reason: expect.stringContaining("CORS_ORIGIN") as string });
  expect(line?.["origin"]).toBe(origin.slice(0, 200));
  expect(line).not.toHaveProperty("err");
});

test("an allowed Origin is let in, and so is a client that sends none", async () => {
  const service = await startService();
  const browser = await TestClient.open(service.ws, { origin: ALLOWED });
  await expect(browser.request("hello", { tabId: "t" })).resolves.toMatchObject({ resumed: false });
  browser.reset();
  const program = await service.connect();
  await expect(program.request("hello", { tabId: "t" })).resolves.toMatchObject({ resumed: false });
});

test("without allowed origins every browser is refused, other programs are let in", async () => {
  const service = await startService(PRODUCTION);
  await expect(TestClient.open(service.ws, { origin: ALLOWED })).rejects.toThrow("403");
  await expect(service.connect()).resolves.toBeInstanceOf(TestClient);
});

test("frames in the same packet as the handshake are not lost", async () => {
  const service = await startService();
  const raw = await RawSocket.open(service.port);
  const hello = frame('{"id":"h","type":"hello","data":{"user":{"id":"ada"},"tabId":"t"}}');
  const join = frame('{"id":"j","type":"join","data":{"roomId":"daily"}}');
  raw.write(Buffer.concat([Buffer.from(handshake()), hello, join, frame('{"type":"ping"}')]));
  await raw.until('{"type":"pong"');
  await raw.until('"id":"j","ok":true');
  expect(raw.text.indexOf('"id":"h","ok":true')).toBeLessThan(raw.text.indexOf('"id":"j","ok":true'));
});

test("a request in many small pieces is read like one in a single packet", async () => {
  const service = await startService();
  const raw = await RawSocket.open(service.port);
  const hello = frame('{"id":"h","type":"hello","data":{"tabId":"t"}}');
  for (const byte of Buffer.concat([Buffer.from(handshake()), hello])) raw.write(Buffer.from([byte]));
  await raw.until('"id":"h","ok":true');
});

test("a query behind the path does no harm", async () => {
  const service = await startService();
  const client = await TestClient.open(`${service.ws}?v=1&x=%zz`);
  await expect(client.request("hello", { tabId: "t" })).resolves.toMatchObject({ resumed: false });
  client.reset();
});

test.each([
  ["no key", { "sec-websocket-key": undefined }, "GET", 400],
  ["a key that is none", { "sec-websocket-key": "short" }, "GET", 400],
  ["no version", { "sec-websocket-version": undefined }, "GET", 400],
  ["an old version", { "sec-websocket-version": "7" }, "GET", 400],
  ["a subprotocol that is none", { "sec-websocket-protocol": "a,,b" }, "GET", 400],
  ["another method", {}, "POST", 404],
])("a handshake with %s is refused and harms nobody", async (_what, headers, method, status) => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  const raw = await RawSocket.open(service.port);
  raw.write(handshake("/ws", headers, method));
  expect(await raw.until("\r\n\r\n")).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test.each([
  ["a route of its own", "/api/health", 200],
  ["a protected route", "/api/rooms", 401],
  ["no route", "/nowhere", 404],
  ["nearly the route", "/ws/", 404],
  ["the route in disguise", "/%77s", 426],
])("a WebSocket handshake for %s is answered as if it were plain HTTP", async (_what, path, status) => {
  const service = await startService({ ADMIN_TOKEN });
  const raw = await RawSocket.open(service.port);
  raw.write(handshake(path));
  expect(await raw.until("}")).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  // The connection is an HTTP connection again, and no WebSocket was made of it.
  raw.write("GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  expect(await raw.closed()).toContain('{"status":"live"');
  expect(service.app.gateway.connectionCount).toBe(0);
  assertNoFailure(service);
});

test("a wish for another protocol than WebSocket is passed over, and the body of the request is read", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const { sessionId, resumeToken } = ada.hello;
  const body = JSON.stringify({ sessionId, resumeToken });
  const h2c = "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n";
  const raw = await RawSocket.open(service.port);
  const head = `POST /api/sessions/leave HTTP/1.1\r\nhost: localhost\r\n${h2c}content-type: text/plain\r\n`;
  raw.write(`${head}content-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`);
  raw.write(body.slice(10));
  expect(await raw.until("\r\n\r\n")).toMatch(/^HTTP\/1\.1 204 /);
  raw.write(`GET /api/health HTTP/1.1\r\nhost: localhost\r\n${h2c}\r\n`);
  expect(await raw.until('"status":"OK"')).toContain("HTTP/1.1 200 ");
  raw.write(`GET /ws HTTP/1.1\r\nhost: localhost\r\n${h2c}\r\n`);
  expect(await raw.until("426 Upgrade Required")).toContain("WebSocket only");
});

test("a plain request for the WebSocket route is told what it is for", async () => {
  const service = await startService();
  const answer = await service.get("/ws");
  expect(answer.status).toBe(426);
  expect(answer.headers.get("upgrade")).toBe("websocket");
  expect(await answer.json()).toMatchObject({ error: { code: "bad_message" } });
});

test("a socket that cannot be taken up is ended, the log says why, and the next one is served", async () => {
  const service = await startService();
  const { gateway } = service.app;
  const accept = gateway.accept.bind(gateway);
  gateway.accept = () => {
    throw new Error("not now");
  };
  const raw = await RawSocket.open(service.port);
  raw.write(handshake());
  await raw.closed();
  const line = service.log.find(({ msg }) => msg === "a WebSocket could not be accepted");
  expect(line).toMatchObject({ level: 50, err: { message: "not now" } });
  gateway.accept = accept;
  await service.hello("later");
});

test("clients that go away in the middle of the handshake leave nothing behind", async () => {
  // It is not the hello deadline that removes them.
  const service = await startService({ HELLO_TIMEOUT_MS: "120000" });
  const bystander = await bystanderIn(service, "daily");
  const whole = handshake();
  for (const length of [1, 20, whole.length - 2, whole.length]) {
    const raw = await RawSocket.open(service.port);
    raw.write(whole.slice(0, length));
    raw.socket.resetAndDestroy();
  }
  const dropped = new WebSocket(service.ws);
  dropped.on("error", () => {});
  dropped.on("upgrade", () => dropped.terminate());
  await new Promise((resolve) => {
    dropped.once("close", resolve);
  });
  // Who comes after them is served, and by then their connections are gone.
  await service.hello("later");
  await expect.poll(() => service.app.gateway.connectionCount).toBe(2);
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test("every request is answered in order when thousands that wish for another protocol come at once", async () => {
  const service = await startService();
  const raw = await RawSocket.open(service.port);
  const requests = Array.from(
    { length: 2_000 },
    (_none, n) => `GET /nothing HTTP/1.1\r\nHost: x\r\nOrigin: o${n}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  );
  raw.write(`${requests.join("")}${handshake()}`);
  const text = await raw.until("101 Switching Protocols");
  expect(text.match(/HTTP\/1\.1 404/g)).toHaveLength(2_000);
  expect(text.lastIndexOf("HTTP/1.1 404")).toBeLessThan(text.indexOf("HTTP/1.1 101"));
});
