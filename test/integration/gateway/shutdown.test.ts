import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { assertNoFailure } from "./bystander.js";
import { frame, handshake, RawSocket } from "./raw-socket.js";

test("a service that stops tells every client when to come back and closes it with 1012", async () => {
  const service = await startService();
  const clients = [await service.join("ada", "daily"), await service.join("bob", "daily"), await service.connect()];
  await service.app.close();
  for (const client of clients) {
    const { reconnectAfterMs } = await client.event("server_closing");
    expect(reconnectAfterMs).toBeGreaterThanOrEqual(0);
    expect(reconnectAfterMs).toBeLessThanOrEqual(5_000);
    expect(await client.closed()).toBe(1012);
  }
  expect(service.app.registry.size).toBe(0);
  assertNoFailure(service);
});

test("a client that does not answer the close does not hold the stop up; health tells meanwhile that nobody shall come", async () => {
  const service = await startService();
  const stubborn = await RawSocket.open(service.port);
  stubborn.write(handshake());
  await stubborn.until("101 Switching Protocols");
  stubborn.write(frame('{"id":"h","type":"hello","data":{"tabId":"t"}}'));
  await stubborn.until('"id":"h","ok":true');
  const startedAt = performance.now();
  const stopped = service.app.close();
  expect(await stubborn.closeCode()).toBe(1012);

  const ready = await service.get("/health/ready");
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({ status: "not_ready" });
  expect((await service.get("/health/live")).status).toBe(200);
  const late = await RawSocket.open(service.port);
  late.write(handshake());
  expect(await late.closeCode()).toBe(1012);

  await stopped;
  expect(performance.now() - startedAt).toBeLessThan(8_000);
  await stubborn.closed();
  await expect(service.get("/health/live")).rejects.toThrow("fetch failed");
});
