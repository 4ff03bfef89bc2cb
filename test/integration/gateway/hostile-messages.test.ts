import { expect, test } from "vitest";
import { mediaRequests, type RequestType } from "@lastseen/protocol";
import { startService, type TestService } from "../../support/service.js";
import type { Frame, TestClient } from "../../support/test-client.js";
import { assertNoFailure, bystanderIn } from "./bystander.js";
import { mistakesIn, REQUEST_TYPES, SAMPLES } from "./samples.js";

const LOOSE = { MAX_MESSAGES_PER_SECOND: "100000" };
const MEDIA_TYPES = Object.keys(mediaRequests) as (keyof typeof mediaRequests)[];
/** What there is to ask about calls when nobody is called. */
const CALL_OUTCOMES: Partial<Record<RequestType, string>> = {
  startCall: "callee_offline",
  acceptCall: "call_gone",
  declineCall: "call_gone",
  cancelCall: "call_gone",
  endCall: "call_gone",
};

let lastId = 0;

/** Sends what the typed client would not let through, and waits for the reply. */
async function ask(client: TestClient, type: string, data?: unknown): Promise<Frame> {
  const id = `raw-${(lastId += 1)}`;
  client.send({ id, type, ...(data === undefined ? {} : { data }) });
  return client.frame((frame) => frame.id === id, `the reply to ${type}`);
}

/** A client in the state in which this request makes sense. */
function readyFor(service: TestService, type: RequestType): Promise<TestClient> {
  return type === "hello" ? service.connect() : service.join("mallory", "daily");
}

/** What each right request is answered in a room without media. */
function expectedOutcome(type: RequestType): string {
  if (type === "hello") return "session_gone";
  if (type === "join") return "already_joined";
  return CALL_OUTCOMES[type] ?? (type in mediaRequests ? "media_unavailable" : "ok");
}

test.each(REQUEST_TYPES)(
  "%s with anything missing, mistyped or too large is bad_message, and nothing else happens",
  async (type) => {
    const service = await startService(LOOSE);
    const bystander = await bystanderIn(service, "daily");
    let client = await readyFor(service, type);
    for (const [index, { what, data }] of mistakesIn(type).entries()) {
      // The hundredth mistake in a row ends a socket: before hello nothing right can be said in between.
      if (type === "hello" && index % 90 === 89) client = await readyFor(service, type);
      const answer = await ask(client, type, data);
      expect(answer, what).toMatchObject({ ok: false, error: { code: "bad_message", retryable: false } });
      expect(answer.error?.message.length, what).toBeLessThan(300);
      if (type !== "hello") await ask(client, "ping");
    }
    expect(client.closeCode).toBeUndefined();
    const after = type === "hello" ? await ask(client, "hello", { tabId: "t" }) : await ask(client, "getRoom");
    expect(after.ok).toBe(true);
    await bystander.assertUnharmed();
    assertNoFailure(service);
  },
);

test.each(REQUEST_TYPES)(
  "%s with half of a character in a field that it does not know is bad_message",
  async (type) => {
    const service = await startService(LOOSE);
    const client = await readyFor(service, type);
    const sample = JSON.stringify(SAMPLES[type]);
    const data = `${sample.slice(0, -1)}${sample === "{}" ? "" : ","}"later":"\\ud800"}`;
    client.sendRaw(`{"id":"half","type":"${type}","data":${data}}`);
    const { error } = await client.frame(({ id }) => id === "half", "the reply");
    expect(error).toMatchObject({ code: "bad_message", message: expect.stringContaining("later") as string });
    client.reset();
  },
);

test.each(REQUEST_TYPES)("%s ignores fields that it does not know, whatever is in them", async (type) => {
  const service = await startService(LOOSE);
  const bystander = await bystanderIn(service, "daily");
  const extras = [
    '"later":"x"',
    '"__proto__":{"polluted":true}',
    '"constructor":{"prototype":{"polluted":true}}',
    '"toString":null,"hasOwnProperty":0,"valueOf":[]',
    `"deep":${"[".repeat(30)}${"]".repeat(30)}`,
    `"list":[${"0,".repeat(3_000)}0]`,
    '"text":"\\u0000\\u202e💥"',
    '"number":1e999,"small":-0',
  ];
  for (const extra of extras) {
    const client = await readyFor(service, type);
    const sample = JSON.stringify(SAMPLES[type]);
    const data = sample === "{}" ? `{${extra}}` : `${sample.slice(0, -1)},${extra}}`;
    client.sendRaw(`{"id":"extra","type":"${type}","data":${data},${extra}}`);
    const answer = await client.frame(({ id }) => id === "extra", "the reply");
    expect(answer.ok ? "ok" : answer.error?.code, extra.slice(0, 40)).toBe(expectedOutcome(type));
    client.reset();
  }
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test.each(MEDIA_TYPES)("%s before a join is not_joined", async (type) => {
  const service = await startService();
  const client = await service.hello("ada");
  expect(await ask(client, type, SAMPLES[type])).toMatchObject({ ok: false, error: { code: "not_joined" } });
});

test.each(["getRoom", "setMetadata", "leave"] as const)(
  "%s before a join and after a leave is not_joined",
  async (type) => {
    const service = await startService();
    const client = await service.hello("ada");
    expect(await ask(client, type, SAMPLES[type])).toMatchObject({ ok: false, error: { code: "not_joined" } });
    await client.request("join", { roomId: "daily" });
    await client.request("leave");
    expect(await ask(client, type, SAMPLES[type])).toMatchObject({ ok: false, error: { code: "not_joined" } });
  },
);

test.each([
  ["id 1.5", '{"id":1.5,"type":"getRoom"}'],
  ["id null", '{"id":null,"type":"getRoom"}'],
  ["id true", '{"id":true,"type":"getRoom"}'],
  ["id an object", '{"id":{"toString":"x"},"type":"getRoom"}'],
  ["id a list", '{"id":[1],"type":"getRoom"}'],
  ["id beyond exact integers", '{"id":9007199254740993,"type":"getRoom"}'],
  ["id infinite", '{"id":1e999,"type":"getRoom"}'],
  ["id too long", `{"id":"${"x".repeat(65)}","type":"getRoom"}`],
  ["type missing", "{}"],
  ["type null", '{"type":null}'],
  ["type a number", '{"type":7}'],
  ["type a list", '{"type":["getRoom"]}'],
  ["type unknown", '{"type":"startCalling"}'],
  ["type in another case", '{"type":"PING"}'],
  ["type with a blank", '{"type":" ping"}'],
  ["type of an event", '{"type":"user_left"}'],
  ["type __proto__", '{"type":"__proto__"}'],
  ["type constructor", '{"type":"constructor"}'],
  ["type hasOwnProperty", '{"type":"hasOwnProperty"}'],
  ["type huge", `{"type":"${"x".repeat(60_000)}"}`],
  ["type from the prototype", '{"__proto__":{"type":"ping"}}'],
])(
  "a request with %s, which cannot be answered by id, gets an error event, and the connection goes on",
  async (_what, raw) => {
    const service = await startService();
    const bystander = await bystanderIn(service, "daily");
    const client = await service.join("mallory", "daily");
    client.sendRaw(raw);
    const error = await client.event("error");
    expect(error.code).toBe("bad_message");
    expect((error.type ?? "").length).toBeLessThanOrEqual(64);
    expect((await ask(client, "getRoom")).ok).toBe(true);
    await bystander.assertUnharmed();
    assertNoFailure(service);
  },
);

test.each([
  ["an integer", "0", 0],
  ["negative", "-7", -7],
  ["the largest exact integer", "9007199254740991", 9_007_199_254_740_991],
  ["a text", '"a"', "a"],
  ["an empty text", '""', ""],
  ["64 characters", JSON.stringify("x".repeat(64)), "x".repeat(64)],
  ["__proto__", '"__proto__"', "__proto__"],
  ["beyond ASCII", '"\\ud83d\\ude00 ä"', "\u{1F600} ä"],
])("an id that is %s comes back as it was", async (_what, raw, id) => {
  const service = await startService();
  const client = await service.join("ada", "daily");
  client.sendRaw(`{"id":${raw},"type":"getRoom"}`);
  expect(await client.frame((frame) => frame.id === id)).toMatchObject({ id, ok: true });
});

test("of a key that is there twice the last one counts", async () => {
  const service = await startService();
  const client = await service.hello("ada");
  client.sendRaw('{"id":"x","id":"y","type":"leave","type":"join","data":{},"data":{"roomId":"a","roomId":"b"}}');
  const answer = await client.frame(({ id }) => id === "x" || id === "y");
  expect(answer).toMatchObject({ id: "y", ok: true, data: { room: { id: "b" } } });
});

test("data that is null counts as none", async () => {
  const service = await startService();
  const client = await service.join("ada", "daily");
  client.sendRaw('{"id":"n","type":"getRoom","data":null}');
  expect(await client.frame(({ id }) => id === "n")).toMatchObject({ ok: true });
  client.sendRaw('{"id":"m","type":"join","data":null}');
  expect(await client.frame(({ id }) => id === "m")).toMatchObject({ ok: false, error: { code: "bad_message" } });
});
