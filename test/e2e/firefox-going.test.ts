/** What the others see when somebody with Firefox goes, with the deadlines of production. docs/detection.md has exact times. */
import { describe, expect, test } from "vitest";
import type { TestService } from "../support/service.js";
import { until } from "../support/until.js";
import { FirefoxPerson, inFirefox, noFirefoxReason } from "./firefox.js";
import type { Heard } from "./participant.js";
import { openStage } from "./stage.js";

/** What a busy machine may add to each time. */
const BUSY_MS = 10_000;
const WITHOUT_MEDIA = { mic: "0", camera: "0" };
/** Longer than a page may be silent before it is away, and shorter than it may be before it is gone. */
const HANGS_MS = 25_000;

interface Way {
  how: string;
  go: (person: FirefoxPerson) => unknown;
  awayWithinMs: number;
  /** What the service may conclude. None: the person stays, and comes back. */
  causes: readonly (keyof typeof GONE)[];
  /** What ends the socket, if it ends before the person is gone. */
  closeCode?: number;
}

/** How soon somebody is gone for each cause. */
const GONE = {
  goodbye: { afterMs: 5_000, withinMs: 6_000 },
  page_closed: { afterMs: 5_000, withinMs: 6_000 },
  connection_lost: { afterMs: 20_000, withinMs: 21_000 },
  page_stopped: { afterMs: 20_000, withinMs: 32_000 },
};

const WAYS: readonly Way[] = [
  {
    how: "closes the tab",
    go: ({ page }) => page.close(),
    awayWithinMs: 2_000,
    causes: ["goodbye", "page_closed"],
    closeCode: 1001,
  },
  {
    how: "page crashes",
    go: ({ firefox }) => firefox.signalPages("SIGKILL"),
    awayWithinMs: 2_000,
    causes: ["page_closed"],
    // The browser goes on and closes the socket in order.
    closeCode: 1001,
  },
  {
    how: "browser is killed",
    go: ({ firefox }) => firefox.kill(),
    awayWithinMs: 2_000,
    // The system ends the connection in order, or with a reset when the browser had not read all that came.
    causes: ["page_closed", "connection_lost"],
    closeCode: 1006,
  },
  {
    how: "page's process is stopped",
    go: ({ firefox }) => firefox.signalPages("SIGSTOP"),
    awayWithinMs: 9_000,
    causes: ["page_stopped"],
  },
  {
    how: "page's script hangs for 25 s",
    go: ({ firefox, page }) => {
      firefox.slowPages();
      return page.evaluate(hang, HANGS_MS);
    },
    awayWithinMs: 20_000,
    causes: [],
  },
];

/** Runs in the page. */
function hang(ms: number): void {
  const end = Date.now() + ms;
  while (Date.now() < end);
}

describe.skipIf(noFirefoxReason)("somebody with Firefox goes", () => {
  test(inFirefox("the others see it soon, whatever ended, and nobody is given up too early"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
    const entered = await Promise.all(
      WAYS.map(async (way) => {
        const person = await FirefoxPerson.enterAlone(way.how, stage.url(way.how, "daily"));
        return { way, person, sessionId: await person.sessionId() };
      }),
    );
    await until(() => entered.every(({ sessionId }) => sendsMedia(stage.service, sessionId)));
    await Promise.all(
      entered.map(async ({ way, person, sessionId }) => {
        const goneAt = Date.now();
        // A page that has gone never answers.
        void Promise.resolve(way.go(person)).catch(() => {});
        const last = way.causes.length > 0 ? "user_left" : "user_back";
        await until(async () => (await eve.heardAbout(sessionId)).includes(last));
        expectTimes(await eve.heard(sessionId), causeOf(stage.service, sessionId), goneAt, way);
        expect.soft(closeCodeOf(stage.service, sessionId), `the close code: ${way.how}`).toBe(way.closeCode);
      }),
    );
  });
});

function expectTimes(heard: readonly Heard[], cause: unknown, goneAt: number, { how, awayWithinMs, causes }: Way) {
  const after = (event: string): number => (heard.find((one) => one.event === event)?.at ?? Number.NaN) - goneAt;
  expect.soft(after("user_away"), `away: ${how}`).toBeLessThan(awayWithinMs + BUSY_MS);
  const leaves = heard.filter(({ event }) => event === "user_left").length;
  expect.soft(leaves, `leaves: ${how}`).toBe(causes.length > 0 ? 1 : 0);
  if (leaves === 0) return;
  expect(causes, `the cause: ${how}`).toContain(cause);
  const { afterMs, withinMs } = GONE[cause as keyof typeof GONE];
  expect.soft(after("user_left"), `gone: ${how}`).toBeGreaterThan(afterMs);
  expect.soft(after("user_left"), `gone: ${how}`).toBeLessThan(withinMs + BUSY_MS);
}

function sendsMedia({ app }: TestService, sessionId: string): boolean {
  const session = app.registry.find(sessionId);
  return session?.participation?.media.counts().producers === 2 && session.evidence.media?.state === "connected";
}

function causeOf({ log }: TestService, sessionId: string): unknown {
  return log.find((line) => line.msg === "ghost found" && line["sessionId"] === sessionId)?.["reason"];
}

function closeCodeOf({ log }: TestService, sessionId: string): unknown {
  return log.find((line) => line.msg === "socket ended" && line["sessionId"] === sessionId)?.["closeCode"];
}
