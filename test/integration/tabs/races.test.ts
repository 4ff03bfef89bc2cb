import { expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { Random } from "../../support/random.js";
import { startService, type TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { countRoutersInWorkers } from "../../support/worker-dump.js";

const RACES = 1_000;
const AT_ONCE = 10;

/** Two or three tabs of one user that join, make transports, reload and close at once, over real sockets. */
async function race(service: TestService, seed: number): Promise<void> {
  const random = new Random(seed);
  const user = `user-${seed}`;
  const roomId = `room-${seed}`;
  const tabs = await Promise.all(
    Array.from({ length: 2 + random.below(2) }, (_, index) => service.hello(user, { tabId: `tab-${index}` })),
  );
  for (let step = 0; step < 10; step++) act(tabs[random.below(tabs.length)], random, roomId);
  // One more tab joins last. It gets the place, even while the other tabs still act.
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
      return random.below(3) === 0 ? tab.reset() : tab.sendRaw('{"type":"ping"}');
  }
}

test.skipIf(noMediaReason)(
  needsMedia(
    `each of ${RACES} races of tabs over real sockets ends with one owner, and the worker holds no media of the other tabs`,
  ),
  { timeout: 300_000 },
  async () => {
    const service = await startService({ SFU_WORKERS: "1", RELOAD_GRACE_MS: "200", RESUME_GRACE_MS: "200" });
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, part) => {
        for (let seed = part + 1; seed <= RACES; seed += AT_ONCE) await race(service, seed);
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
