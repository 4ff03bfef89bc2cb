/** What the SDK tells the developer when it cannot connect, with real servers. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import type { Retry } from "../../../packages/client/src/reconnect-timer.js";
import { createMedia } from "@lastseen/client/media";
import { freePort } from "../../support/free-port.js";
import { sdkClient } from "../../support/node-browser.js";
import { startService } from "../../support/service.js";
import { goodToken, SECRET } from "./tokens.js";

const firstRetry = (client: LastseenClient) => new Promise<Retry>((resolve) => client.on("retry", resolve));

async function serve(listener: (...of: Parameters<RequestListener>) => unknown): Promise<string> {
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a port where nothing listens is unreachable, and the log says it once", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const lines: string[] = [];
  const retry = await firstRetry(sdkClient({ url, log: (line) => lines.push(line) }));
  expect(retry).toMatchObject({ kind: "unreachable", cause: "connect_failed", message: expect.stringContaining(url) });
  expect(lines).toEqual([`Lastseen: ${retry.message}`]);
});

test("another server is not Lastseen", async () => {
  const url = await serve((_request, response) => response.writeHead(404).end("no such page"));
  expect(await firstRetry(sdkClient({ url }))).toMatchObject({ kind: "not_lastseen" });
});

test("a wrong path of the right service is not Lastseen", async () => {
  const { http } = await startService();
  expect(await firstRetry(sdkClient({ url: `${http}/presence` }))).toMatchObject({ kind: "not_lastseen" });
});

test("a proxy without its service is unreachable", async () => {
  const url = await serve((_request, response) => response.writeHead(502).end("bad gateway"));
  expect(await firstRetry(sdkClient({ url }))).toMatchObject({ kind: "unreachable" });
});

test("a proxy that passes on no upgrades is told", async () => {
  const { http } = await startService();
  const url = await serve(async (request, response) => {
    const answer = await fetch(`${http}${request.url}`);
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  });
  const retry = await firstRetry(sdkClient({ url }));
  expect(retry).toMatchObject({ kind: "refused", message: expect.stringMatching(/proxy.+upgrades/) });
});

test("https to a port that speaks plain http is told as tls", async () => {
  const { port } = await startService();
  const retry = await firstRetry(sdkClient({ url: `https://127.0.0.1:${port}` }));
  expect(retry).toMatchObject({ kind: "tls", message: expect.stringContaining(`http://127.0.0.1:${port} answers`) });
});

test("a refused token reaches the first join, and the next one, in the words of the service", async () => {
  const service = await startService({ AUTH_MODE: "jwt", JWT_SECRET: SECRET });
  const client = sdkClient({ url: service.http, getToken: () => "let me in" });
  const retry = firstRetry(client);
  const first = client.join("daily");
  const refusal = { code: "unauthorized", retryable: false, message: expect.stringMatching(/token/i) };
  await expect(first).rejects.toMatchObject(refusal);
  await expect(client.join("daily")).rejects.toMatchObject(refusal);
  expect(await retry).toMatchObject({ kind: "refused", cause: "unauthorized" });
});

test("a missing token is told with its mend, and a good one lets in", async () => {
  const service = await startService({ AUTH_MODE: "jwt", JWT_SECRET: SECRET });
  await expect(sdkClient({ url: service.http }).join("daily")).rejects.toThrow(
    /Give connect\(\) a getToken\.$|getToken/,
  );
  const client = sdkClient({ url: service.http, getToken: () => goodToken("ada") });
  expect((await client.join("daily")).room.id).toBe("daily");
});

test("an id that the service refuses reaches the first join", async () => {
  const service = await startService();
  const client = sdkClient({ url: service.http, user: { id: "a\u0000b" } });
  await expect(client.join("daily")).rejects.toMatchObject({
    code: "bad_message",
    data: { stopped: "protocol_error" },
  });
});

test("media that is made after the join in a service without media says so, and how to mend it", async () => {
  const service = await startService();
  const client = sdkClient({ url: service.http });
  await client.join("daily");
  const media = createMedia(client, { network: { listen: () => () => {} } });
  const track = { kind: "audio", enabled: true, stop: () => {} } as unknown as MediaStreamTrack;
  await expect(media.publish(track, { source: "mic" })).rejects.toMatchObject({
    code: "media_unavailable",
    retryable: false,
    message: expect.stringContaining("SFU_WORKERS"),
  });
  media.close();
});

test("GET /health/live tells every page whether its origin may connect", async () => {
  const service = await startService({ CORS_ORIGIN: "https://app.example" });
  const ask = async (path: string, headers: Record<string, string>) => {
    const response = await service.get(path, { headers });
    return { cors: response.headers.get("access-control-allow-origin"), body: await response.json() };
  };
  const live = { status: "live", service: "lastseen", nodeId: expect.any(String) as string };
  expect(await ask("/health/live", { origin: "https://app.example" })).toEqual({
    cors: "*",
    body: { ...live, originAllowed: true },
  });
  expect(await ask("/health/live", { origin: "https://evil.example" })).toEqual({
    cors: "*",
    body: { ...live, originAllowed: false },
  });
  expect((await ask("/health/live?origin=https%3A%2F%2Fevil.example", {})).body).toEqual({
    ...live,
    originAllowed: false,
  });
  expect((await ask("/health/live?origin=", {})).body).toEqual(live);
});
