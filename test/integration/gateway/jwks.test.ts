import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";
import { ProviderKey, startKeyServer } from "./key-server.js";
import { goodToken, inSeconds, SECRET, token } from "./tokens.js";
import { OTHER_JWT_SECRET } from "../../support/secrets.js";

const claims = { sub: "auth0|5f7c", exp: inSeconds(600), iss: "https://id.example/", aud: "calls" };
const settings = (url: string, more: object = {}) => ({ AUTH_MODE: "jwt", JWT_JWKS_URL: url, ...more });

async function helloWith(service: TestService, given: string) {
  const client = await service.connect();
  const answer = await client.ask("hello", { tabId: "t", token: given });
  return { client, answer };
}

test.each(["RS256", "ES256", "EdDSA"] as const)(
  "a token of the identity provider with %s names the user",
  async (alg) => {
    const key = new ProviderKey(alg, "k1");
    const provider = await startKeyServer(key);
    const service = await startService(
      settings(provider.url, { JWT_ISSUER: "https://id.example/", JWT_AUDIENCE: "calls" }),
    );
    const { answer } = await helloWith(service, key.token(claims));
    expect(answer).toMatchObject({ ok: true, data: { user: { id: "auth0|5f7c" } } });
    const forged = await helloWith(service, new ProviderKey(alg, "k1").token(claims));
    expect(forged.answer).toMatchObject({ error: { code: "unauthorized" } });
    expect(await forged.client.closed()).toBe(4401);
    const elsewhere = await helloWith(service, key.token({ ...claims, aud: "shop" }));
    expect(elsewhere.answer).toMatchObject({
      error: { code: "unauthorized", message: expect.stringContaining("`aud`") },
    });
    expect(provider.requests).toBe(1);
  },
);

test("secret and key set both count, and neither stands in for the other", async () => {
  const key = new ProviderKey("RS256", "k1");
  const provider = await startKeyServer(key);
  const service = await startService(settings(provider.url, { JWT_SECRET: SECRET }));
  expect((await helloWith(service, goodToken("bob"))).answer).toMatchObject({ ok: true });
  expect((await helloWith(service, key.token(claims))).answer).toMatchObject({ ok: true });
  const pem = key.public.export({ type: "spki", format: "pem" }).toString();
  const wrong = [
    token(claims, { secret: pem, header: { kid: "k1" } }),
    token(claims, { secret: JSON.stringify(key.jwk), header: { kid: "k1" } }),
    key.token(claims, { alg: "none" }),
    key.token(claims, { alg: "HS256" }),
    key.token(claims, { alg: "PS256" }),
    key.token(claims, { kid: "../../etc/passwd" }),
    key.token(claims, { kid: 7 }),
    key.token(claims, { crit: ["b64"], b64: false }),
    new ProviderKey("RS256", "k1").token(claims, { jwk: key.jwk, jku: provider.url }),
  ];
  for (const given of wrong) {
    expect((await helloWith(service, given)).answer, given).toMatchObject({ error: { code: "unauthorized" } });
  }
  expect(JSON.stringify(service.log)).not.toContain("etc/passwd");
});

test("tokens of unknown keys make the service ask the provider only once in a while", async () => {
  const provider = await startKeyServer(new ProviderKey("ES256", "k1"));
  const service = await startService(settings(provider.url));
  for (let n = 0; n < 30; n += 1) {
    const { answer } = await helloWith(service, new ProviderKey("ES256", `made-up-${n}`).token(claims));
    expect(answer).toMatchObject({ error: { code: "unauthorized" } });
  }
  expect(provider.requests).toBeLessThanOrEqual(2);
});

test.each<[string, (response: ServerResponse) => unknown]>([
  ["fails", (response) => response.writeHead(500).end("no")],
  ["answers with something else", (response) => response.end("<html>")],
  ["answers without keys", (response) => response.end("{}")],
  ["answers with too much", (response) => response.end(`{"keys":[{"x":"${"x".repeat(300_000)}"}]}`)],
  ["never answers", () => {}],
])("while the provider %s, clients are told to come back and the log says it once", async (_what, answer) => {
  const key = new ProviderKey("ES256", "k1");
  const provider = await startKeyServer(key);
  provider.answer = answer;
  const service = await startService(settings(provider.url));
  const [first, second] = await Promise.all([
    helloWith(service, key.token(claims)),
    helloWith(service, key.token(claims)),
  ]);
  for (const refused of [first, second, await helloWith(service, key.token(claims))]) {
    expect(refused.answer).toMatchObject({
      error: { code: "overloaded", retryable: true, data: { retryAfterMs: expect.any(Number) } },
    });
    expect(refused.client.closeCode).toBeUndefined();
  }
  expect(provider.requests).toBe(1);
  expect(service.log.filter(({ msg }) => msg.startsWith("JWT_JWKS_URL gives no keys"))).toHaveLength(1);
  const metrics = await (await service.get("/metrics")).text();
  expect(metrics).toMatch(/^lastseen_jwks_fetches_total\{result="failed"\} 1$/m);
});

test("a second hello before the first one is answered is refused, and a socket that ends meanwhile gets no session", async () => {
  const key = new ProviderKey("ES256", "k1");
  const provider = await startKeyServer(key);
  const held: ServerResponse[] = [];
  const { answer } = provider;
  provider.answer = (response) => held.push(response);
  const service = await startService(settings(provider.url));
  const gone = await service.connect();
  const stays = await service.connect();
  gone.sendRaw(JSON.stringify({ id: 1, type: "hello", data: { tabId: "t", token: key.token(claims) } }));
  const pending = stays.ask("hello", { tabId: "t", token: key.token(claims) });
  expect(await stays.ask("hello", { tabId: "t", token: key.token(claims) })).toMatchObject({
    error: { code: "bad_message" },
  });
  await expect.poll(() => held.length).toBe(1);
  gone.reset();
  await expect.poll(() => service.app.gateway.connectionCount).toBe(1);
  for (const response of held) answer(response);
  expect(await pending).toMatchObject({ ok: true });
  expect(service.app.registry.size).toBe(1);
});

test("the secret of before still counts while it is given", async () => {
  const service = await startService({
    AUTH_MODE: "jwt",
    JWT_SECRET: OTHER_JWT_SECRET,
    JWT_SECRET_PREVIOUS: SECRET,
  });
  expect((await helloWith(service, goodToken("ada"))).answer).toMatchObject({ ok: true });
  const other = await helloWith(service, token(claims, { secret: "another-secret-of-more-than-32-chars" }));
  expect(other.answer).toMatchObject({ error: { code: "unauthorized" } });
  const published = await helloWith(service, new ProviderKey("ES256", "k").token(claims));
  expect(published.answer).toMatchObject({ error: { message: expect.stringContaining("has no JWT_JWKS_URL") } });
});
