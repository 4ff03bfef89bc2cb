/** Tokens that were made to fool a library: none gets a session, and a flood of them makes nobody ask the provider. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isWellFormed } from "@lastseen/protocol";
import { assertNoFailure } from "../integration/gateway/bystander.js";
import { ProviderKey, startKeyServer } from "../integration/gateway/key-server.js";
import { goodToken, inSeconds, SECRET, token, tokenOfText, unsignedToken } from "../integration/gateway/tokens.js";
import { startService, type TestService } from "../support/service.js";
import type { TestClient } from "../support/test-client.js";
import { hostileValue } from "./fuzz/hostile.js";
import { figure } from "./support/figures.js";

const claims = { sub: "mallory", exp: inSeconds(600) };
const encode = (text: string) => Buffer.from(text).toString("base64url");

async function startWithKeys(key: ProviderKey, env: Record<string, string> = {}) {
  const provider = await startKeyServer(key);
  const service = await startService({
    AUTH_MODE: "jwt",
    JWT_SECRET: SECRET,
    JWT_JWKS_URL: provider.url,
    MAX_CONNECTIONS: "100000",
    ...env,
  });
  return { provider, service };
}

/** @returns the code of the refusal, or `ok` */
async function outcome(service: TestService, forged: string): Promise<string> {
  const client = await service.connect();
  const answer = await client.ask("hello", { token: forged, tabId: "t" });
  client.socket.terminate();
  return answer.ok ? "ok" : answer.error.code;
}

test("headers that tell a library how to check the token are not believed", async () => {
  const key = new ProviderKey("RS256", "2026");
  const { service, provider } = await startWithKeys(key);
  const pem = key.public.export({ type: "spki", format: "pem" }).toString();
  const mine = new ProviderKey("RS256", "2026");
  const headers: object[] = [
    { jwk: mine.jwk },
    { jku: "http://127.0.0.1:1/keys" },
    { x5u: "http://127.0.0.1:1/keys" },
    { x5c: ["AAAA"] },
    { kid: "../../../../dev/null" },
    { kid: "' UNION SELECT 'secret" },
    { kid: "\0" },
    { kid: "__proto__" },
    { kid: "" },
    { kid: null },
    { kid: 7 },
    { kid: ["2026"] },
    { kid: { toString: "2026" } },
    { kid: "x".repeat(2_000) },
    { kid: "\uD800" },
    { crit: ["exp"] },
    { crit: ["b64"], b64: false },
    { b64: false },
    { zip: "DEF" },
    { cty: "JWT" },
    { alg: ["RS256"] },
    { alg: "rs256" },
    { alg: "RS256 " },
    { alg: "PS256" },
    { alg: "none" },
  ];
  const forged = [
    ...headers.map((header) => mine.token(claims, header)),
    ...headers.map((header) => token(claims, { header, secret: pem })),
    ...headers.map((header) => token(claims, { header, secret: "" })),
    ...["none", "NONE", "nOnE", ""].map((alg) => unsignedToken(claims, alg)),
    // The key's public half as the secret, in each form in which somebody may have written it.
    ...[pem, pem.trim(), pem.replace(/-----[A-Z ]+-----|\n/g, ""), JSON.stringify(key.jwk)].map((secret) =>
      token(claims, { secret }),
    ),
    // One algorithm before the check and another one after it.
    `${encode('{"alg":"RS256","alg":"none"}')}.${encode(JSON.stringify(claims))}.`,
    `${encode('{"alg":"HS256","alg":"RS256","kid":"2026"}')}.${encode(JSON.stringify(claims))}.AAAA`,
    `${goodToken("mallory")}.${goodToken("mallory")}`,
    `${goodToken("mallory")}.`,
    `.${goodToken("mallory")}`,
    goodToken("mallory").replace(/\.[^.]+$/, "."),
    encode(JSON.stringify({ alg: "HS256" })).repeat(100),
    "a.".repeat(4_000),
  ];
  const outcomes = new Map<string, number>();
  for (const one of forged) {
    const code = await outcome(service, one);
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
  }
  expect([...outcomes.keys()]).toEqual(["unauthorized"]);
  expect(service.app.registry.size).toBe(0);
  expect(provider.requests).toBeLessThanOrEqual(2);
  expect(await outcome(service, key.token(claims))).toBe("ok");
  assertNoFailure(service);
});

test("a token that is larger than any is refused before anything reads it", async () => {
  const { service } = await startWithKeys(new ProviderKey("ES256", "k"));
  expect(await outcome(service, goodToken("ada", { name: "x".repeat(8_000) }))).toBe("bad_message");
  expect(await outcome(service, "x".repeat(9_000))).toBe("bad_message");
  assertNoFailure(service);
});

test("of a claim that is there twice the last one counts, for the user as for the time", async () => {
  const { service } = await startWithKeys(new ProviderKey("ES256", "k"));
  expect(await outcome(service, tokenOfText(`{"sub":"ada","exp":${inSeconds(600)},"exp":1}`))).toBe("unauthorized");
  const client = await service.connect();
  const both = tokenOfText(`{"sub":"root","sub":"ada","exp":1,"exp":${inSeconds(600)}}`);
  expect((await client.request("hello", { token: both, tabId: "t" })).user.id).toBe("ada");
});

test("any value in any claim either names a right user or is refused with the name of the claim", async () => {
  const { service } = await startWithKeys(new ProviderKey("ES256", "k"));
  const times = fc.constantFrom<unknown>(1e308, -1e308, 5e-324, 2 ** 53, 0, "", String(inSeconds(600)), null, true, []);
  const claim = fc.constantFrom("sub", "name", "exp", "nbf", "iat", "iss", "aud", "rooms", "calls", "__proto__");
  const change = fc.tuple(claim, fc.oneof(times, hostileValue));
  let runs = 0;
  const property = fc.asyncProperty(change, async ([name, value]) => {
    runs += 1;
    const text = JSON.stringify({ ...claims, sub: `user-${runs}`, [name]: value });
    const forged = tokenOfText(text);
    if (forged.length > 8_000) return;
    const client = await service.connect();
    const answer = await client.ask("hello", { token: forged, tabId: "t" });
    if (answer.ok) assertRightUser(answer.data.user);
    else {
      expect(answer.error.code).toBe("unauthorized");
      expect(answer.error.message).toMatch(name === "exp" ? /`exp`|expired/ : new RegExp(`\`${name}\``));
    }
    await leave(client);
  });
  await fc.assert(property, { numRuns: 500, seed: 20_261_101, endOnFailure: true });
  assertNoFailure(service);
});

test("a flood of unknown key ids does not make the service ask the provider, and does not keep others from coming in", async () => {
  const key = new ProviderKey("ES256", "2026");
  const { service, provider } = await startWithKeys(key);
  const hello = async (n: number): Promise<number> => {
    const started = performance.now();
    expect(await outcome(service, key.token({ ...claims, sub: `honest-${n}` }))).toBe("ok");
    return performance.now() - started;
  };
  await hello(0);
  const quiet = await medianOf(20, (n) => hello(n));
  const before = provider.requests;
  const unknown = Array.from({ length: 400 }, (_none, n) => key.token(claims, { kid: `unknown-${n}` }));
  let refused = 0;
  const flood = (async () => {
    for (const forged of unknown) if ((await outcome(service, forged)) === "unauthorized") refused += 1;
  })();
  const attacked = await medianOf(20, (n) => hello(100 + n));
  await flood;
  figure("400 tokens with unknown key ids", {
    "questions to the provider": provider.requests - before,
    "a hello beside it takes times longer": attacked / quiet,
  });
  expect(refused).toBe(400);
  expect(provider.requests - before).toBeLessThanOrEqual(3);
  // One client at a time attacks, so two share the processor.
  expect(attacked / quiet).toBeLessThan(8);
});

function assertRightUser({ id, name }: { id: string; name: string }): void {
  expect(isWellFormed(id) && isWellFormed(name) && name.length > 0).toBe(true);
  expect(`${id}${name}`).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
}

async function leave(client: TestClient): Promise<void> {
  client.socket.terminate();
  await client.closed();
}

async function medianOf(times: number, measure: (n: number) => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let n = 0; n < times; n += 1) values.push(await measure(n));
  return values.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? 0;
}
