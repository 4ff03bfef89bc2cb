import { expect, test } from "vitest";
import { signToken, type TokenOptions } from "@lastseen/server";
import { startService, type TestService } from "../../support/service.js";
import { JWT_SECRET, OTHER_JWT_SECRET } from "../../support/secrets.js";

const JWT = { AUTH_MODE: "jwt", JWT_SECRET };

async function hello(service: TestService, options: Partial<TokenOptions>) {
  const client = await service.connect();
  const token = await signToken({ secret: JWT_SECRET, userId: "ada", ...options });
  return { client, reply: await client.ask("hello", { token, tabId: "t1" }) };
}

test("a page with a token of this package is let in under the id and the name that the token has", async () => {
  const service = await startService(JWT);
  const { reply } = await hello(service, { userId: "auth0|5f7c", name: "Ada 会" });
  expect(reply).toMatchObject({ ok: true, data: { user: { id: "auth0|5f7c", name: "Ada 会" } } });
  const other = await hello(service, { secret: OTHER_JWT_SECRET });
  expect(other.reply).toMatchObject({ ok: false, error: { code: "unauthorized" } });
});

test("a token for some rooms opens these and no others, and rings nobody unless it says so", async () => {
  const service = await startService(JWT);
  const { client } = await hello(service, { rooms: ["daily"] });
  await expect(client.ask("join", { roomId: "weekly" })).resolves.toMatchObject({ error: { code: "forbidden" } });
  await expect(client.ask("join", { roomId: "daily" })).resolves.toMatchObject({ ok: true });
  const call = { to: "bob", kind: "audio" } as const;
  await expect(client.ask("startCall", call)).resolves.toMatchObject({ error: { code: "forbidden" } });
  const ringer = await hello(service, { userId: "cid", rooms: ["daily"], calls: true });
  const answer = await ringer.client.ask("startCall", call);
  expect(answer).toMatchObject({ error: { code: "callee_offline" } });
});

test("issuer and audience are those that the service asks for, and a token ends", async () => {
  const claims = { JWT_ISSUER: "https://login.example", JWT_AUDIENCE: "calls" };
  const service = await startService({ ...JWT, ...claims, JWT_CLOCK_TOLERANCE_S: "0" });
  const right = { issuer: "https://login.example", audience: "calls" };
  expect((await hello(service, right)).reply).toMatchObject({ ok: true });
  expect((await hello(service, {})).reply).toMatchObject({ ok: false });
  const { client, reply } = await hello(service, { ...right, expiresInSeconds: 2 });
  expect(reply).toMatchObject({ ok: true });
  await client.closed();
});

test.each<[problem: string, options: Partial<TokenOptions>]>([
  ["secret must be", { secret: undefined }],
  ["secret must be", { secret: "" }],
  ["userId must not be empty", { userId: "" }],
  ["userId must be a string", { userId: 42 as unknown as string }],
  ["rooms must be a list", { rooms: "daily" as unknown as string[] }],
  ["rooms has a room id that must", { rooms: ["daily", ".."] }],
  ["expiresInSeconds must be", { expiresInSeconds: 0 }],
  ["expiresInSeconds must be", { expiresInSeconds: Number.NaN }],
])("a token that the service would refuse is not made: %s", async (problem, options) => {
  const made = signToken({ secret: JWT_SECRET, userId: "ada", ...options });
  await expect(made).rejects.toThrow(TypeError);
  await expect(made).rejects.toThrow(`signToken: ${problem}`);
});
