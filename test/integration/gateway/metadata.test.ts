import { expect, test } from "vitest";
import { LIMITS } from "@lastseen/protocol";
import { startService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { assertNoFailure } from "./bystander.js";

async function setMetadata(client: TestClient, metadata: string): Promise<string> {
  client.sendRaw(`{"id":"m","type":"setMetadata","data":{"metadata":${metadata}}}`);
  const answer = await client.frame(({ id }) => id === "m", "the reply to setMetadata");
  client.frames.length = 0;
  return answer.ok ? "ok" : (answer.error?.code ?? "?");
}

/** JSON of an object that has exactly so many bytes of UTF-8. */
function metadataOf(bytes: number, filler = "x"): string {
  const width = Buffer.byteLength(filler);
  const frame = '{"a":""}'.length;
  const count = Math.floor((bytes - frame) / width);
  const rest = bytes - frame - count * width;
  return `{"a":"${filler.repeat(count)}${"x".repeat(rest)}"}`;
}

test.each([
  ["ASCII", "x"],
  ["umlauts", "ä"],
  ["emoji", "\u{1F600}"],
])("metadata may have 4 KiB of UTF-8 and not a byte more: %s", async (_what, filler) => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const fits = metadataOf(LIMITS.metadataBytes, filler);
  expect(Buffer.byteLength(fits)).toBe(4096);
  expect(await setMetadata(ada, fits)).toBe("ok");
  expect(await setMetadata(ada, metadataOf(LIMITS.metadataBytes + 1, filler))).toBe("bad_message");
  expect((await ada.request("getRoom")).room.participants[0]?.metadata).toEqual(JSON.parse(fits));
});

test("a join with too much metadata is refused, and the client can join without it", async () => {
  const service = await startService();
  const ada = await service.hello("ada");
  const metadata = JSON.parse(metadataOf(LIMITS.metadataBytes + 1)) as Record<string, unknown>;
  expect(await ada.ask("join", { roomId: "daily", metadata })).toMatchObject({ error: { code: "bad_message" } });
  expect(service.app.rooms.size).toBe(0);
  expect((await ada.request("join", { roomId: "daily" })).room.participants).toHaveLength(1);
});

test("metadata nested deeper than any stack reaches is bad_message, not a failure of the service", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const depth = 9_000;
  expect(await setMetadata(ada, `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`)).toBe("bad_message");
  expect(await setMetadata(ada, `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`)).toBe("bad_message");
  assertNoFailure(service);
});

test("metadata named like what objects are made of is kept as plain data and pollutes nothing", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const poison = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"toString":3,"then":4}';
  expect(await setMetadata(bob, poison)).toBe("ok");
  const heard = await ada.event("metadata_changed");
  expect(JSON.stringify(heard.metadata)).toBe(poison);
  expect(Object.prototype).not.toHaveProperty("polluted");
  const room = await (await service.get("/api/rooms/daily")).text();
  expect(room).toContain(`"metadata":${poison}`);
  const sessions = await (await service.get("/api/sessions?userId=bob")).text();
  expect(sessions).toContain(`"metadata":${poison}`);
  assertNoFailure(service);
});

test("metadata comes to the others character by character, and with half of a character it is refused", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const texts = ["\u0000", "\u2028", "\u202Eabc", "\u{1F468}\u200D\u{1F469}", "</script>", "𝕏"];
  expect(await setMetadata(bob, JSON.stringify({ texts }))).toBe("ok");
  expect((await ada.event("metadata_changed")).metadata).toEqual({ texts });
  for (const half of ["\uD800", "\uDC00x"]) {
    expect(await setMetadata(bob, JSON.stringify({ half }))).toBe("bad_message");
    expect(await setMetadata(bob, JSON.stringify({ [half]: "key" }))).toBe("bad_message");
  }
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "...", "-", "a:b@c.d"])(
  "users, rooms and tabs may be called %s",
  async (name) => {
    const service = await startService();
    const ada = await service.hello("ada");
    await ada.request("join", { roomId: name });
    const odd = await service.hello(name, { tabId: name });
    const { room } = await odd.request("join", { roomId: name });
    expect(room).toMatchObject({ id: name, participants: [{ userId: "ada" }, { userId: name }] });
    odd.reset();
    const { sessionId, resumeToken } = odd.hello;
    const again = await service.hello(name, { tabId: name, resume: { sessionId, resumeToken } });
    await again.request("beforeDisconnect", { roomId: name });
    expect(await ada.event("user_left")).toMatchObject({ userId: name, participants: ["ada"] });
    assertNoFailure(service);
  },
);

test("what the others are told of metadata arrives whole, however long it is", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  // The service sends short frames in one piece and long frames in two.
  for (const size of [8, 1_000, 3_700, 4_000, 4_096, 8]) {
    for (const filler of ["x", "ä"]) {
      const metadata = metadataOf(size, filler);
      expect(await setMetadata(ada, metadata)).toBe("ok");
      expect((await bob.event("metadata_changed")).metadata).toEqual(JSON.parse(metadata));
      bob.frames.length = 0;
    }
  }
});
