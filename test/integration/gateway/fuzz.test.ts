import fc from "fast-check";
import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { assertNoFailure, bystanderIn } from "./bystander.js";
import { REQUEST_TYPES, SAMPLES } from "./samples.js";

const anything = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" });
const type = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...REQUEST_TYPES) },
  { weight: 1, arbitrary: fc.string() },
);
const keys = fc.oneof(
  fc.constantFrom(...Object.values(SAMPLES).flatMap((sample) => Object.keys(sample))),
  fc.constantFrom("__proto__", "constructor", "toString", ""),
);

/** A request that is right except for one field. */
const nearlyRight = fc.tuple(fc.constantFrom(...REQUEST_TYPES), keys, anything).map(([name, key, value]) => {
  const data = JSON.stringify(SAMPLES[name]);
  const change = `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  return `{"id":"f","type":"${name}","data":${data === "{}" ? `{${change}}` : `${data.slice(0, -1)},${change}}`}}`;
});
const anyRequest = fc
  .record({ id: anything, type, data: anything }, { requiredKeys: [] })
  .map((frame) => JSON.stringify(frame));
const broken = fc
  .tuple(nearlyRight, fc.nat({ max: 40 }), fc.string({ maxLength: 3 }))
  .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1));
const frames = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: nearlyRight },
    { weight: 6, arbitrary: anyRequest },
    { weight: 1, arbitrary: broken },
    { weight: 1, arbitrary: anything.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) },
  ),
  { minLength: 1, maxLength: 20 },
);

test("whatever one client sends, it is answered or closed by the table, and nobody else feels it", async () => {
  const service = await startService({
    MAX_MESSAGES_PER_SECOND: "100000",
    MAX_CONNECTIONS: "100000",
    MAX_ROOM_SIZE: "1000",
  });
  const bystander = await bystanderIn(service, "daily");
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), frames, async (joined, sent) => {
      runs += 1;
      const client = joined ? await service.join(`fuzz-${runs}`, "daily") : await service.connect();
      for (const frame of sent) client.sendRaw(frame);
      client.sendRaw('{"id":"last","type":"ping"}');
      // A closed client gets no answer any more, but its close is an answer.
      await Promise.race([client.frame(({ id }) => id === "last"), client.closed()]);
      expect([undefined, 1000, 4400]).toContain(client.closeCode);
      expect(client.frames.filter(({ error }) => error?.code === "internal")).toEqual([]);
      await bystander.assertUnharmed();
      client.socket.terminate();
    }),
    { seed: 20_261_101, numRuns: 400, endOnFailure: true },
  );
  expect(runs).toBeGreaterThanOrEqual(400);
  expect(Object.keys(Object.prototype)).toEqual([]);
  assertNoFailure(service);
});
