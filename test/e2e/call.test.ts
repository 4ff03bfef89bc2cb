import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { workersHold } from "../support/worker-dump.js";
import type { Person } from "./person.js";
import { noStageReason } from "./browsers.js";
import { onStage, openStage, type Stage } from "./stage.js";

/** How carol goes, and what the others then see. */
interface Going {
  how: string;
  go: (carol: Person, stage: Stage, network: Awaited<ReturnType<Stage["network"]>> | undefined) => Promise<void>;
  away: boolean;
  reason: string;
  cause?: string;
}

const ofHerOwn: Going[] = [
  {
    how: "her renderer is killed",
    go: (carol) => carol.signalRenderers("SIGKILL"),
    away: true,
    reason: "disconnected",
    cause: "page_closed",
  },
  { how: "her tab is closed", go: (carol) => carol.page.close(), away: true, reason: "disconnected" },
  {
    how: "her whole browser is killed",
    go: async (carol) => {
      const { pid } = await carol.process();
      process.kill(pid, "SIGKILL");
    },
    away: true,
    reason: "disconnected",
    cause: "page_closed",
  },
  {
    how: "she navigates to another page",
    go: async (carol) => void (await carol.page.goto("about:blank")),
    away: true,
    reason: "disconnected",
  },
  {
    how: "she leaves by the button",
    go: (carol) => carol.page.getByTestId("leave-button").click(),
    away: false,
    reason: "left",
  },
  {
    how: "her client says beforeDisconnect",
    go: (carol) => carol.page.evaluate(() => window.lastseen?.client.disconnect()),
    away: false,
    reason: "left",
  },
  {
    how: "her page's process is stopped",
    go: (carol) => carol.signalRenderers("SIGSTOP"),
    away: true,
    reason: "idle",
    cause: "page_stopped",
  },
];

const byNetwork: Going[] = [
  {
    how: "her socket is destroyed and she cannot come back",
    go: async (_carol, _stage, network) => network?.cut(),
    away: true,
    reason: "disconnected",
    cause: "connection_lost",
  },
  {
    how: "her network goes silent",
    go: async (_carol, _stage, network) => network?.silence(),
    away: true,
    reason: "disconnected",
    cause: "connection_lost",
  },
];

describe.skipIf(noStageReason)("a call of three in Chromium", () => {
  test(onStage("audio and video flow both ways, and everybody sees everybody"), async () => {
    const stage = await openStage();
    const ada = await stage.enter("Ada", "daily");
    const bob = await stage.enter("Bob", "daily");
    await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
    expect((await ada.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Bob"]);
    expect((await bob.roster()).map(({ state }) => state)).toEqual(["present", "present"]);
    const { sessions } = (await (await stage.service.get("/api/sessions?roomId=daily")).json()) as {
      sessions: { media: object }[];
    };
    expect(sessions.map(({ media }) => media)).toEqual([
      { transports: 2, producers: 2, consumers: 2 },
      { transports: 2, producers: 2, consumers: 2 },
    ]);
  });

  /** The others were told, the worker holds nothing of hers, and nobody else noticed anything. */
  async function provesGone(
    stage: Stage,
    others: readonly [Person, Person],
    sessionId: string,
    expected: Pick<Going, "away" | "reason" | "cause">,
  ): Promise<void> {
    const [ada, bob] = others;
    expect(await ada.leaving(sessionId)).toMatchObject({ reason: expected.reason, awayBefore: expected.away });
    expect(await bob.leaving(sessionId)).toMatchObject({ reason: expected.reason });
    expect((await ada.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Bob"]);

    await workersHold({ transports: 4, producers: 4, consumers: 4 });
    expect(stage.service.app.registry.find(sessionId)).toBeUndefined();
    await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
    expect(await ada.disturbances()).toEqual([]);
    expect(await bob.disturbances()).toEqual([]);

    const inLog = stage.service.log.filter(({ sessionId: id, msg }) => id === sessionId && msg === "left room");
    expect(inLog).toMatchObject([{ userId: expect.any(String), roomId: "daily", reason: expected.reason }]);
    if (expected.cause) expect(inLog).toMatchObject([{ cause: expected.cause }]);
  }

  /** Carol comes and goes in one way after the other. Ada and Bob stay all the time. */
  async function goesInEachWay(stage: Stage, goings: readonly Going[], overNetwork: boolean): Promise<void> {
    const [ada, bob] = [await stage.enter("Ada", "daily"), await stage.enter("Bob", "daily")];
    for (const going of goings) {
      try {
        await comesAndGoes(stage, [ada, bob], going, overNetwork ? await stage.network() : undefined);
      } catch (error) {
        throw new Error(`Carol goes, ${going.how}: ${String(error)}`, { cause: error });
      }
    }
  }

  async function comesAndGoes(
    stage: Stage,
    others: readonly [Person, Person],
    going: Going,
    network: Awaited<ReturnType<Stage["network"]>> | undefined,
  ): Promise<void> {
    const carol = await stage.enter("Carol", "daily", { via: network, ownBrowser: true });
    await Promise.all([...others, carol].map((person) => person.hearsAndSees()));
    const sessionId = await carol.sessionId();
    await workersHold({ transports: 6, producers: 6, consumers: 12 });
    await going.go(carol, stage, network);
    await provesGone(stage, others, sessionId, going);
    await carol.signalRenderers("SIGCONT").catch(() => undefined);
  }

  test(onStage("one goes in each way: the others see it and go on, the worker holds nothing of hers"), async () => {
    await goesInEachWay(await openStage(), ofHerOwn, false);
  });

  test(onStage("one loses the network: the others see it and go on, the worker holds nothing of hers"), async () => {
    const stage = await openStage({ SOCKET_PING_INTERVAL_MS: "1000", RESUME_GRACE_MS: "4000" });
    await goesInEachWay(stage, byNetwork, true);
  });

  const quick = {
    HEARTBEAT_INTERVAL_MS: "1000",
    AWAY_AFTER_MS: "3000",
    IDLE_TIMEOUT_MS: "8000",
    SWEEP_INTERVAL_MS: "2000",
  };

  test(onStage("her page is frozen for longer than the idle timeout, and goes by the sweep"), async () => {
    const stage = await openStage(quick);
    const [ada, bob] = [await stage.enter("Ada", "daily"), await stage.enter("Bob", "daily")];
    const carol = await stage.enterUnwatched("Carol", "daily");
    await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
    await carol.page.freeze();
    await provesGone(stage, [ada, bob], carol.session.id, { away: true, reason: "idle", cause: "silent" });
  });

  test(onStage("her page is frozen for less than that, and is back when it wakes"), async () => {
    const stage = await openStage({ ...quick, IDLE_TIMEOUT_MS: "60000" });
    const ada = await stage.enter("Ada", "daily");
    const carol = await stage.enterUnwatched("Carol", "daily");
    await carol.page.freeze();
    await until(() => carol.session.shown === "away");
    await carol.page.thaw();
    await until(() => carol.session.shown === "present");
    const seen = async () => (await ada.roster()).map(({ name, state }) => `${name} ${state}`).join();
    await until(async () => (await seen()) === "Ada present,Carol present");
    expect(carol.session.status).toBe("open");
  });
});
