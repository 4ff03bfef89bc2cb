import { describe, expect, test } from "vitest";
import type { Directory, DirectoryEntry } from "../../src/session/ports.js";

const entry = (sessionId: string, more: Partial<DirectoryEntry> = {}): DirectoryEntry => ({
  sessionId,
  userId: "ada",
  roomId: "daily",
  epoch: 1,
  ...more,
});

const byId = (entries: readonly DirectoryEntry[]) =>
  entries.toSorted((a, b) => (a.sessionId < b.sessionId ? -1 : 1)).map(({ sessionId }) => sessionId);

/**
 * What every store behind the {@link Directory} port must do, for one node that uses it alone.
 *
 * @param name of the store, for the titles
 * @param create makes an empty directory; what it needs beside it, it releases itself when the test is finished
 */
export function directoryContract(name: string, create: () => Directory | Promise<Directory>): void {
  describe(`the directory in ${name}`, () => {
    test("is empty at first", async () => {
      const directory = await create();
      expect(await directory.counts()).toEqual({ rooms: 0, sessions: 0 });
      expect(await directory.findSession("s1")).toBeUndefined();
      expect(await directory.sessionsOfUser("ada")).toEqual([]);
    });

    test("a room that nobody holds becomes this node's, however often it is claimed, until it is released", async () => {
      const directory = await create();
      expect(await directory.claimRoom("daily")).toEqual({ kind: "here" });
      expect(await directory.claimRoom("daily")).toEqual({ kind: "here" });
      expect(await directory.counts()).toEqual({ rooms: 1, sessions: 0 });
      expect(await directory.releaseRoom("daily")).toEqual({ kind: "released" });
      expect(await directory.releaseRoom("daily")).toEqual({ kind: "not_home" });
      expect(await directory.counts()).toEqual({ rooms: 0, sessions: 0 });
      expect(await directory.claimRoom("daily")).toEqual({ kind: "here" });
    });

    test("releasing one room leaves the others", async () => {
      const directory = await create();
      for (const room of ["a", "b", "c"]) await directory.claimRoom(room);
      await directory.releaseRoom("b");
      expect(await directory.releaseRoom("nowhere")).toEqual({ kind: "not_home" });
      expect(await directory.counts()).toMatchObject({ rooms: 2 });
    });

    test("a session is found as it was stored, by its id and by its user", async () => {
      const directory = await create();
      expect(await directory.putSession(entry("s1"))).toEqual({ kind: "stored" });
      await directory.putSession(entry("s2", { roomId: "weekly" }));
      await directory.putSession(entry("s3", { userId: "bob" }));
      expect(await directory.findSession("s1")).toEqual(entry("s1"));
      expect(await directory.findSession("s2")).toEqual(entry("s2", { roomId: "weekly" }));
      expect(byId(await directory.sessionsOfUser("ada"))).toEqual(["s1", "s2"]);
      expect(await directory.sessionsOfUser("bob")).toEqual([entry("s3", { userId: "bob" })]);
      expect(await directory.counts()).toMatchObject({ sessions: 3 });
    });

    test("storing again replaces: a later epoch or another room, and the session is still one", async () => {
      const directory = await create();
      await directory.putSession(entry("s1"));
      expect(await directory.putSession(entry("s1", { roomId: "weekly" }))).toEqual({ kind: "stored" });
      expect(await directory.putSession(entry("s1", { roomId: "weekly", epoch: 3 }))).toEqual({ kind: "stored" });
      expect(await directory.findSession("s1")).toEqual(entry("s1", { roomId: "weekly", epoch: 3 }));
      expect(await directory.sessionsOfUser("ada")).toHaveLength(1);
      expect(await directory.counts()).toMatchObject({ sessions: 1 });
    });

    test("who acts under an older epoch is fenced and changes nothing", async () => {
      const directory = await create();
      await directory.putSession(entry("s1", { epoch: 3 }));
      expect(await directory.putSession(entry("s1", { epoch: 2, roomId: "weekly" }))).toEqual({
        kind: "fenced",
        epoch: 3,
      });
      expect(await directory.removeSession("s1", 2)).toEqual({ kind: "fenced", epoch: 3 });
      expect(await directory.findSession("s1")).toEqual(entry("s1", { epoch: 3 }));
    });

    test.each([3, 4])("a session is removed under its own epoch or a later one (%i), once", async (epoch) => {
      const directory = await create();
      await directory.putSession(entry("s1", { epoch: 3 }));
      await directory.putSession(entry("s2"));
      expect(await directory.removeSession("s1", epoch)).toEqual({ kind: "removed" });
      expect(await directory.removeSession("s1", epoch)).toEqual({ kind: "gone" });
      expect(await directory.findSession("s1")).toBeUndefined();
      expect(byId(await directory.sessionsOfUser("ada"))).toEqual(["s2"]);
      expect(await directory.counts()).toMatchObject({ sessions: 1 });
    });

    test("a session that was never there is gone", async () => {
      const directory = await create();
      expect(await directory.removeSession("nobody", 1)).toEqual({ kind: "gone" });
    });

    test("what was handed in or out and is changed afterwards does not change the directory", async () => {
      const directory = await create();
      const mine = entry("s1");
      await directory.putSession(mine);
      mine.roomId = "changed";
      const found = await directory.findSession("s1");
      if (found) found.roomId = "changed";
      for (const other of await directory.sessionsOfUser("ada")) other.roomId = "changed";
      expect(await directory.findSession("s1")).toEqual(entry("s1"));
    });

    test.each(["__proto__", "constructor", "a:b", "{a}", "a*", "ä", "r".repeat(128)])(
      "sessions, users and rooms may be called %s and are not mistaken for others",
      async (odd) => {
        const directory = await create();
        await directory.putSession(entry(odd, { userId: odd, roomId: odd }));
        await directory.putSession(entry("s1", { userId: `${odd}2` }));
        await directory.claimRoom(odd);
        await directory.claimRoom(`${odd}2`);
        expect(await directory.sessionsOfUser(odd)).toEqual([entry(odd, { userId: odd, roomId: odd })]);
        expect(await directory.removeSession(odd, 1)).toEqual({ kind: "removed" });
        expect(await directory.releaseRoom(odd)).toEqual({ kind: "released" });
        expect(await directory.counts()).toEqual({ rooms: 1, sessions: 1 });
      },
    );

    test("of many who store and remove one session at once, the latest epoch wins", async () => {
      const directory = await create();
      const epochs = Array.from({ length: 50 }, (_none, n) => ((n * 7) % 50) + 1);
      const outcomes = await Promise.all(epochs.map((epoch) => directory.putSession(entry("s1", { epoch }))));
      expect(await directory.findSession("s1")).toMatchObject({ epoch: 50 });
      expect(outcomes.some(({ kind }) => kind === "fenced")).toBe(true);
      await Promise.all(epochs.map((epoch) => directory.removeSession("s1", epoch)));
      expect(await directory.counts()).toEqual({ rooms: 0, sessions: 0 });
      expect(await directory.sessionsOfUser("ada")).toEqual([]);
    });

    test("a thousand sessions that come and go leave nothing", async () => {
      const directory = await create();
      const ids = Array.from({ length: 1_000 }, (_none, n) => `s${n}`);
      await Promise.all(
        ids.map((id, n) => directory.putSession(entry(id, { userId: `u${n % 10}`, roomId: `r${n % 7}` }))),
      );
      expect(await directory.counts()).toMatchObject({ sessions: 1_000 });
      expect(await directory.sessionsOfUser("u3")).toHaveLength(100);
      await Promise.all(ids.map((id) => directory.removeSession(id, 1)));
      expect(await directory.counts()).toEqual({ rooms: 0, sessions: 0 });
      for (let n = 0; n < 10; n += 1) expect(await directory.sessionsOfUser(`u${n}`)).toEqual([]);
    });

    test("closing is possible twice", async () => {
      const directory = await create();
      await directory.putSession(entry("s1"));
      await directory.close();
      await expect(directory.close()).resolves.toBeUndefined();
    });
  });
}
