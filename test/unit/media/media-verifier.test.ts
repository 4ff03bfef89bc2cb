import { expect, test } from "vitest";
import { MediaVerifier } from "../../../src/media/workers/media-verifier.js";
import type { RouterPlace } from "../../../src/media/rtp/room-router.js";
import { ClosedMedia } from "../../../src/media/workers/closed-media.js";
import { ManualClock } from "../../support/manual-clock.js";

/** A room's place. The test decides what its worker holds. */
function fakePlace() {
  const held = new Set<string>();
  const asked: string[] = [];
  const router = {
    closed: false,
    dump: () => {
      asked.push("router");
      const consumers = [...held].filter((id) => id.startsWith("c")).map((key) => ({ key, value: "" }));
      const producers = [...held].filter((id) => id.startsWith("p")).map((key) => ({ key, values: [] }));
      const transportIds = [...held].filter((id) => id.startsWith("t"));
      return Promise.resolve({
        transportIds,
        mapProducerIdConsumerIds: producers,
        mapConsumerIdProducerId: consumers,
      });
    },
  };
  const process = {
    closed: false,
    subprocessClosed: false,
    dump: () => {
      asked.push("worker");
      return Promise.resolve({ channelMessageHandlers: { channelRequestHandlers: [...held] } });
    },
  };
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const call = (_what: string, _refusal: string, request: () => Promise<unknown>) => request();
  const place = { router, worker: { worker: process, ended, call } } as unknown as RouterPlace;
  return { place, router, process, held, asked, end };
}

const LIMITS = { callMs: 5_000, verifyWindowMs: 100 };

test("one dump answers all checks that are asked for before it is sent", async () => {
  const clock = new ManualClock();
  const verifier = new MediaVerifier(clock, LIMITS);
  const { place, held, asked } = fakePlace();
  held.add("t1").add("p2").add("c3").add("t4");
  const checks = [verifier.remaining(place, ["t1", "gone"])];
  await clock.advance(99);
  checks.push(verifier.remaining(place, ["p2", "c3", "gone too"]));
  held.delete("t1");
  expect(asked).toEqual([]);
  await clock.advance(1);
  expect(await Promise.all(checks)).toEqual([new Set(), new Set(["p2", "c3"])]);
  expect(asked).toEqual(["router"]);
  const later = verifier.remaining(place, ["t4"]);
  await clock.advance(100);
  expect(await later).toEqual(new Set(["t4"]));
  expect(asked).toEqual(["router", "router"]);
});

test("the verifier asks the worker when the router is closed or closes during the wait", async () => {
  const clock = new ManualClock();
  const verifier = new MediaVerifier(clock, LIMITS);
  const { place, router, held, asked } = fakePlace();
  held.add("t1");
  const check = verifier.remaining(place, ["t1", "t2"]);
  router.closed = true;
  await clock.advance(100);
  expect(asked).toEqual([]);
  await clock.advance(100);
  expect(await check).toEqual(new Set(["t1"]));
  expect(asked).toEqual(["worker"]);
});

test("a closing worker counts as empty only after its process has ended", async () => {
  const clock = new ManualClock();
  const verifier = new MediaVerifier(clock, LIMITS);
  const ending = fakePlace();
  ending.process.closed = true;
  const check = verifier.remaining(ending.place, ["t1"]);
  ending.end();
  expect(await check).toEqual(new Set());
  const stuck = fakePlace();
  stuck.process.closed = true;
  const failing = expect(verifier.remaining(stuck.place, ["t1"])).rejects.toMatchObject({ code: "media_unavailable" });
  await clock.advance(5_000);
  await failing;
});

test("a check without ids sends no request to a worker", async () => {
  const { place, asked } = fakePlace();
  expect(await new MediaVerifier(new ManualClock(), LIMITS).remaining(place, [])).toEqual(new Set());
  expect(asked).toEqual([]);
});

test("the verifier names closed media that is left by its kind and checks it again, and forgets media that is gone", async () => {
  const clock = new ManualClock();
  const verifier = new MediaVerifier(clock, LIMITS);
  const { place, held, asked } = fakePlace();
  const closed = new ClosedMedia();
  closed.add(place, "t1", { producers: ["p1", "p2"], consumers: ["c1"] });
  for (const id of ["t1", "p2", "c1"]) held.add(id);
  const verify = async () => {
    const verified = closed.verify(verifier);
    await clock.advance(100);
    return verified;
  };
  expect(await verify()).toEqual({ transports: ["t1"], producers: ["p2"], consumers: ["c1"] });
  held.clear();
  expect(await verify()).toEqual({ transports: [], producers: [], consumers: [] });
  expect(asked).toHaveLength(2);
  expect(await verify()).toEqual({ transports: [], producers: [], consumers: [] });
  expect(asked).toHaveLength(2);
});
