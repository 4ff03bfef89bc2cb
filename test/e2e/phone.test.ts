import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { workersHold } from "../support/worker-dump.js";
import { openExchange, type Exchange, type Phone } from "./phones.js";
import { noStageReason } from "./browsers.js";
import { onStage } from "./stage.js";

async function talk(exchange: Exchange): Promise<{ ada: Phone; bob: Phone }> {
  const ada = await exchange.phone("ada", "Ada");
  const bob = await exchange.phone("bob", "Bob");
  await ada.call("bob");
  await bob.shows("ringing");
  expect(await bob.page.title()).toBe("Ada calls you");
  expect(await bob.page.evaluate(() => document.activeElement?.getAttribute("data-testid"))).toBe("ringing");
  await bob.press("accept-button");
  await Promise.all([ada.shows("active"), bob.shows("active")]);
  expect(await bob.page.title()).toBe("Bob · Lastseen");
  await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
  return { ada, bob };
}

const isIdle = async ({ service }: Exchange): Promise<boolean> => {
  const health = (await (await service.get("/api/health")).json()) as { busyUsers: number; activeCalls: number };
  return health.busyUsers === 0 && health.activeCalls === 0 && service.app.rooms.size === 0;
};

describe.skipIf(noStageReason)("the telephone", () => {
  test(onStage("from the ring to picture and sound both ways, and back to nothing"), async () => {
    const exchange = await openExchange();
    const { ada, bob } = await talk(exchange);
    expect(await ada.page.getByTestId("call-peer").textContent()).toBe("Bob");
    expect(await bob.page.getByTestId("call-peer").textContent()).toBe("Ada");
    await bob.press("leave-button");
    expect(await ada.says("hangup")).toBe("Call ended.");
    await bob.says("hangup");
    await until(() => isIdle(exchange));
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
    await bob.call("ada", "audio");
    await ada.shows("ringing");
  });

  test(onStage("two devices ring; the one that answers has the call, the other stops at once"), async () => {
    const exchange = await openExchange();
    const ada = await exchange.phone("ada");
    const laptop = await exchange.phone("bob");
    const mobile = await exchange.phone("bob");
    await ada.call("bob");
    await Promise.all([laptop.shows("ringing"), mobile.shows("ringing")]);
    await mobile.press("accept-button");
    expect(await laptop.says("answered_elsewhere")).toBe("Answered on another device.");
    await Promise.all([ada.shows("active"), mobile.shows("active")]);
    await Promise.all([ada.hearsAndSees(), mobile.hearsAndSees()]);
    expect(await laptop.missed()).toEqual([]);

    await laptop.page.close();
    const eve = await exchange.phone("eve");
    await eve.call("bob");
    expect(await eve.says("callee_busy")).toBe("bob is in another call.");
    await until(async () => (await eve.status()) === "busy");
    await ada.press("leave-button");
    await mobile.says("hangup");
    await until(async () => (await eve.status()) === "available");
  });

  test(
    onStage("the pages say whether the callee is not there or declines, and whether the caller gives up"),
    async () => {
      const exchange = await openExchange();
      const ada = await exchange.phone("ada");
      const bob = await exchange.phone("bob");
      await ada.call("nobody");
      expect(await ada.says("callee_offline")).toBe("nobody is not there.");

      await ada.call("bob");
      await bob.shows("ringing");
      await bob.press("decline-button");
      expect(await ada.says("declined")).toBe("bob declined.");

      await ada.call("bob");
      await bob.shows("ringing");
      await ada.press("cancel-button");
      await bob.says("caller_cancelled");
      expect(await bob.missed()).toEqual(["ada"]);
      await until(() => isIdle(exchange));
    },
  );

  test(onStage("a call that nobody answers ends, and the callee sees who called"), async () => {
    const exchange = await openExchange({ CALL_RING_TIMEOUT_MS: "2000" });
    const ada = await exchange.phone("ada");
    const bob = await exchange.phone("bob");
    await ada.call("bob");
    expect(await ada.says("timeout")).toBe("bob did not answer.");
    expect(await bob.says("timeout")).toBe("You missed a call from ada.");
    expect(await bob.missed()).toEqual(["ada"]);
    await until(() => isIdle(exchange));
  });

  test(onStage("reloading goes on with the ring, and with the call"), async () => {
    // However long a busy machine takes to load two pages at once.
    const exchange = await openExchange({ RELOAD_GRACE_MS: "20000" });
    const ada = await exchange.phone("ada");
    const bob = await exchange.phone("bob");
    await ada.call("bob");
    await bob.shows("ringing");
    await Promise.all([ada.page.reload(), bob.page.reload()]);
    await Promise.all([ada.shows("ringing"), bob.shows("ringing")]);
    await bob.press("accept-button");
    await Promise.all([ada.shows("active"), bob.shows("active")]);
    await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
    for (const [one, other] of [
      [ada, bob],
      [bob, ada],
    ] as const) {
      await one.page.reload();
      await one.shows("active");
      await Promise.all([one.hearsAndSees(), other.hearsAndSees()]);
    }
    await ada.press("leave-button");
    await bob.says("hangup");
    await until(() => isIdle(exchange));
  });

  test(onStage("a tab that is killed while talking ends the call within the reload grace"), async () => {
    const exchange = await openExchange({ RESUME_GRACE_MS: "60000" });
    const { ada, bob } = await talk(exchange);
    await bob.page.close();
    expect(await ada.says("disconnected")).toBe("Bob lost the connection.");
    await until(() => isIdle(exchange));
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
  });

  test(onStage("a caller whose tab is closed while it rings does not let it ring on"), async () => {
    const exchange = await openExchange({ RELOAD_GRACE_MS: "1000" });
    const ada = await exchange.phone("ada");
    const bob = await exchange.phone("bob");
    await ada.call("bob");
    await bob.shows("ringing");
    await ada.page.close();
    await bob.says("caller_disconnected");
    expect(await bob.missed()).toEqual(["ada"]);
  });
});
