import { describe, expect, test } from "vitest";
import type { NewBackendEvent } from "../../src/protocol/backend-event.js";
import type { EventLog } from "../../src/session/event-log.js";

const events = (count: number, nodeId = "a"): NewBackendEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    type: "joined",
    at: 1_700_000_000_000 + n,
    nodeId,
    sequence: n + 1,
    roomId: "daily",
    userId: `user-${n}`,
    sessionId: `s-${n}`,
    epoch: 1,
    name: 'Ä "quoted" 👋',
  }));

const inOrder = (ids: readonly string[]) =>
  ids.toSorted((a, b) => {
    const [time = 0, number = 0] = a.split("-").map(Number);
    const [otherTime = 0, otherNumber = 0] = b.split("-").map(Number);
    return time - otherTime || number - otherNumber;
  });

/**
 * What every log behind the {@link EventLog} port must do.
 *
 * @param create makes an empty log that keeps about so many events
 */
export function eventLogContract(name: string, create: (kept: number) => EventLog | Promise<EventLog>): void {
  describe(`the events in ${name}`, () => {
    test("are given ids that are greater than all before, and are read as they were written", async () => {
      const log = await create(1_000);
      const first = await log.append(events(5));
      const second = await log.append(events(3, "b"));
      const ids = [...first, ...second].map(({ id }) => id);
      expect(ids).toEqual(inOrder([...new Set(ids)]));
      for (const id of ids) expect(id).toMatch(/^\d{1,15}-\d{1,15}$/);
      const page = await log.read(undefined, 100);
      expect(page).toEqual({ events: [...first, ...second], gap: false, next: ids.at(-1) });
    });

    test("are read on after any one of them, and after the last one there is nothing", async () => {
      const log = await create(1_000);
      const all = await log.append(events(10));
      expect(await log.read(all[3]?.id, 3)).toEqual({ events: all.slice(4, 7), gap: false, next: all[6]?.id });
      expect(await log.read(all[9]?.id, 3)).toEqual({ events: [], gap: false, next: undefined });
    });

    test("are nothing in an empty log", async () => {
      const log = await create(1_000);
      expect(await log.read(undefined, 10)).toEqual({ events: [], gap: false, next: undefined });
      expect(await log.read("1-1", 10)).toEqual({ events: [], gap: true, next: undefined });
    });

    test("are forgotten, the oldest first; whoever asks after a forgotten one is told of the gap", async () => {
      const log = await create(100);
      const [oldest] = await log.append(events(1));
      const later = [];
      for (let n = 0; n < 10; n += 1) later.push(...(await log.append(events(100))));
      const page = await log.read(oldest?.id, 1_000);
      expect(page.gap).toBe(true);
      expect(page.events.length).toBeGreaterThanOrEqual(100);
      expect(page.events.length).toBeLessThan(500);
      expect(page.events.at(-1)).toEqual(later.at(-1));
      const [next] = page.events;
      expect(await log.read(next?.id, 1)).toMatchObject({ gap: false, events: [page.events[1]] });
    });
  });
}
