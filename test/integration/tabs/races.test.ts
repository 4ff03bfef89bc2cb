import { expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { Random } from "../../support/random.js";
import { startService, type TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { countRoutersInWorkers } from "../../support/worker-dump.js";

const RACES = 1_000;
const LANES = 10;

/** Two or three tabs of one user that join, make transports, reload and close at once, over real sockets. */
async function race(service: TestService, seed: number): Promise<void> {
  const random = new Random(seed);
  const user = `user-${seed}`;
  const roomId = `room-${seed}`;
  const tabs = await Promise.all(
    Array.from({ length: 2 + random.below(2) }, (_, index) => service.hello(user, { tabId: `tab-${index}` })),
  );
  for (let step = 0; step < 10; step++) act(tabs[random.below(tabs.length)], random, roomId);
  // The last word: one more tab takes the room, whatever the others were about to do.
  const last = await service.hello(user, { tabId: "last" });
  const joined = await last.request("join", { roomId });
  await last.request("createTransport", { direction: "send" });
  await until(() => tabs.every(({ closeCode, socket }) => closeCode !== undefined || socket.readyState === 1));
  expect((await last.request("getRoom")).room.participants).toMatchObject([{ sessionId: joined.sessionId }]);
  expect(last.closeCode).toBeUndefined();
  for (const tab of tabs) tab.close(1001);
  await Promise.all(tabs.map((tab) => tab.closed()));
  expect(service.app.rooms.find(roomId)?.members.size).toBe(1);
  await last.request("beforeDisconnect", {});
  await last.closed();
}

function act(tab: TestClient | undefined, random: Random, roomId: string): void {
  if (tab?.socket.readyState !== 1) return;
  switch (random.below(6)) {
    case 0:
    case 1:
      return tab.send({ id: `join-${random.below(1e9)}`, type: "join", data: { roomId } });
    case 2:
    case 3:
      return tab.send({
        id: `t-${random.below(1e9)}`,
        type: "createTransport",
        data: { direction: random.pick(["send", "recv"]) },
      });
    case 4:
      return tab.send({ id: `leave-${random.below(1e9)}`, type: "leave" });
    default:
      return random.below(3) === 0 ? tab.socket.terminate() : tab.sendRaw('{"type":"ping"}');
  }
}

test.skipIf(noMediaReason)(
  needsMedia(
    `${RACES} races of tabs over real sockets leave one owner each, and the worker holds nothing of the losers`,
  ),
  { timeout: 120_000 },
  async () => {
    const service = await startService({ SFU_WORKERS: "1", RELOAD_GRACE_MS: "200", RESUME_GRACE_MS: "200" });
    await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        for (let seed = lane + 1; seed <= RACES; seed += LANES) await race(service, seed);
      }),
    );
    await until(() => service.app.registry.size === 0 && service.app.reaper.unfinished === 0);
    expect(service.app.reaper.stuck).toEqual([]);
    expect(service.app.media.counts()).toMatchObject({ router: 0, transport: 0, producer: 0, consumer: 0 });
    expect(await countRoutersInWorkers()).toBe(0);
    const errors = service.log.filter(({ level }) => level >= 50);
    expect(errors).toEqual([]);
  },
);
