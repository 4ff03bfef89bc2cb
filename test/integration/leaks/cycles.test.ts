import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const WAYS_TO_GO = ["beforeDisconnect", "leave and close", "close", "destroy", "destroy at once"] as const;

async function cycle(service: TestService, index: number): Promise<void> {
  // The service remembers for a minute who began a session, so the same users come again.
  const client = await service.join(`user-${index % 350}`, `room-${index % 7}`);
  const { id } = await client.request("createTransport", { direction: "send" });
  await client.request("createTransport", { direction: "recv" });
  await client.request("restartIce", { transportId: id });
  switch (WAYS_TO_GO[index % WAYS_TO_GO.length]) {
    case "beforeDisconnect":
      await client.request("beforeDisconnect", {});
      break;
    case "leave and close":
      await client.request("leave");
      client.close();
      break;
    case "close":
      client.close(1001);
      break;
    case "destroy":
      client.reset();
      break;
    default:
      // The answer to this request never arrives. The transport must not stay.
      client.send({ id: "last", type: "createTransport", data: { direction: "send" } });
      client.reset();
  }
  await client.closed();
}

async function cyclesBeside(service: TestService, from: number, to: number, settled: () => boolean): Promise<void> {
  const atOnce = 8;
  await Promise.all(
    Array.from({ length: atOnce }, async (_, part) => {
      for (let index = from + part; index < to; index += atOnce) await cycle(service, index);
    }),
  );
  await until(settled);
}

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

function usedHeap(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Bytes in a thousand cycles. */
const MOST_GROWTH = 1_024 * 1_000;

test.skipIf(noMediaReason)(
  needsMedia("1,000 times connect, join, transports, disconnect leave nothing behind and memory flat"),
  { timeout: 180_000 },
  async () => {
    const service = await startService({
      SFU_WORKERS: "1",
      RELOAD_GRACE_MS: "300",
      RESUME_GRACE_MS: "300",
      LOG_LEVEL: "error",
      MAX_CONNECTIONS: "1000",
    });
    const stayer = await service.join("stayer", "elsewhere");
    const beat = setInterval(() => stayer.sendRaw('{"type":"ping"}'), 5_000);
    const settled = () => service.app.registry.size === 1 && service.app.reaper.unfinished === 0;
    const run = async (from: number, to: number): Promise<{ heap: number; descriptors: number }> => {
      await cyclesBeside(service, from, to, settled);
      return { heap: usedHeap(), descriptors: openDescriptors() };
    };
    // The timelines keep the last thousand ended sessions on purpose. Memory is flat when they are full.
    const warm = await run(0, 1_050);
    let [before, end] = [warm, await run(1_050, 2_050)];
    // On a busy machine something can fill up later. What leaks grows with each thousand.
    if (end.heap - before.heap > MOST_GROWTH) [before, end] = [end, await run(2_050, 3_050)];
    clearInterval(beat);

    expect(stayer.closeCode).toBeUndefined();
    expect(service.app.rooms.size).toBe(1);
    expect(service.app.gateway.connectionCount).toBe(1);
    expect(service.app.reaper.stuck).toEqual([]);
    expect(service.app.media.counts()).toEqual({ workers: 1, router: 0, transport: 0, producer: 0, consumer: 0 });
    expect(service.app.media.findOrphans(() => false)).toEqual([]);
    expect(end.descriptors).toBeLessThanOrEqual(warm.descriptors + 2);
    expect(end.heap - before.heap).toBeLessThan(MOST_GROWTH);
  },
);
