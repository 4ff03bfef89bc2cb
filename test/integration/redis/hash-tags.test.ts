import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";

const SLOTS = 16_384;

test.skipIf(noRedisReason)("docs/redis-store.md gives each master a range of slots with one hash tag", async () => {
  const document = readFileSync("docs/redis-store.md", "utf8");
  const rows = Array.from(
    document.matchAll(/^\| `(\{\w+\})` *\| *(\d+) \| (\d+) (\d+) *\|$/gm),
    ([, tag = "", ...rest]) => {
      const [slot = 0, from = 0, to = 0] = rest.map(Number);
      return { tag, slot, from, to };
    },
  );
  const tags = ["{all}", ...Array.from({ length: 16 }, (_, n) => `{${n + 1}}`)];
  expect(rows.map(({ tag }) => tag).toSorted()).toEqual(tags.toSorted());
  const redis = await RedisServer.start({ config: ["cluster-enabled yes"] });
  onTestFinished(() => redis.stop());
  let next = 0;
  for (const { tag, slot, from, to } of rows) {
    expect(Number(await redis.cli("cluster", "keyslot", `lastseen:${tag}:rooms`))).toBe(slot);
    expect(from).toBe(next);
    expect(slot >= from && slot <= to).toBe(true);
    next = to + 1;
  }
  expect(next).toBe(SLOTS);
});
