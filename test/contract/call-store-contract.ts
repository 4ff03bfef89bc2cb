import { describe, expect, test } from "vitest";
import type { BlockedCallers } from "../../src/ports/blocked-callers.js";
import {
  mostRingsOfPair,
  type CallRecord,
  type CallStore,
  type EndCondition,
  type NewCall,
} from "../../src/ports/call-store.js";

/** Two nodes' access to the same calls. `pass` lets time pass. */
export interface CallStoreUnderTest {
  here: CallStore;
  there: CallStore;
  blocked: BlockedCallers;
  /** Shorter than in production, so that a test can wait for a store with a real clock. */
  holdMs: number;
  pass: (ms: number) => Promise<void>;
}

const RING_MS = 60_000;
/** What the stores under test allow. */
export const MOST_RINGS = 30;
export const RING_WINDOW_MS = 3_000;
const ada = { userId: "ada", name: "Ada", sessionId: "s-ada" };
const bob = { userId: "bob", name: "Bob", sessionId: "s-bob" };
const eve = { userId: "eve", name: "Eve", sessionId: "s-eve" };

const newCall = (callId: string, more: Partial<NewCall> = {}): NewCall => ({
  callId,
  roomId: `call-${callId}`,
  kind: "audio",
  caller: ada,
  callee: { userId: "bob", name: "Bob" },
  ...more,
});

const ANY_END: EndCondition = { state: "any", by: "anybody" };

const seen = (call: CallRecord | undefined) => call && [call.callId, call.state, call.callee.sessionId];

/**
 * What every store behind the {@link CallStore} port must do.
 *
 * @param create makes an empty store, and releases what the store needs when the test has ended
 */
export function callStoreContract(name: string, create: () => CallStoreUnderTest | Promise<CallStoreUnderTest>): void {
  describe(`the calls in ${name}`, () => {
    test("a ringing call is found by its id and by both users, with its remaining time", async () => {
      const { here, there } = await create();
      const started = await here.start(newCall("c1", { kind: "video" }), RING_MS);
      expect(started).toMatchObject({ kind: "ringing", lapsed: [] });
      for (const found of [await there.find("c1"), await there.ofUser("ada"), await there.ofUser("bob")]) {
        expect(found).toMatchObject({ ...newCall("c1", { kind: "video" }), state: "ringing" });
        expect(found?.callee.sessionId).toBeUndefined();
        expect(found?.remainingMs).toBeGreaterThan(RING_MS - 5_000);
        expect(found?.remainingMs).toBeLessThanOrEqual(RING_MS);
      }
      expect((await there.ringing()).map(({ callId }) => callId)).toEqual(["c1"]);
      expect(await there.ofUser("eve")).toBeUndefined();
      expect(await there.find("c2")).toBeUndefined();
    });

    test("a user in a live call can neither call nor be called", async () => {
      const { here, there } = await create();
      const tries: [string, NewCall["caller"], string, string][] = [
        ["a caller's second call", ada, "eve", "caller_busy"],
        ["the callee calls a third", bob, "eve", "caller_busy"],
        ["a third calls the callee", eve, "bob", "callee_busy"],
        ["a third calls the caller", eve, "ada", "callee_busy"],
        ["the caller calls the callee again", ada, "bob", "caller_busy"],
      ];
      await here.start(newCall("c1"), RING_MS);
      for (const state of ["ringing", "active"]) {
        if (state === "active") await there.accept("c1", bob);
        for (const [what, caller, to, kind] of tries) {
          const call = newCall("c2", { caller, callee: { userId: to, name: to } });
          expect(await there.start(call, RING_MS), `${what} while ${state}`).toMatchObject({ kind });
        }
      }
      expect(await here.find("c2")).toBeUndefined();
      expect(await here.ofUser("eve")).toBeUndefined();
    });

    test("the first answer wins, and the same session can repeat it", async () => {
      const { here, there } = await create();
      await here.start(newCall("c1"), RING_MS);
      expect(await there.accept("c1", bob)).toMatchObject({
        kind: "accepted",
        fresh: true,
        call: { state: "active", callee: bob },
      });
      expect(await here.accept("c1", { ...bob, sessionId: "other" })).toEqual({ kind: "gone" });
      expect(await there.accept("c1", bob)).toMatchObject({ kind: "accepted", fresh: false });
      expect(seen(await here.find("c1"))).toEqual(["c1", "active", "s-bob"]);
      expect(await here.ringing()).toEqual([]);
    });

    test("users and rooms can have any id, and a name can be half of a character", async () => {
      const { here, there } = await create();
      const broken = "Maria 🎉".slice(0, 7);
      const caller = { userId: "Ada {x}:% Lovelace", name: broken, sessionId: "s-1" };
      const callee = { userId: "会议|a/b=", name: broken, sessionId: "s-2" };
      await here.start(newCall("c1", { caller, callee: { userId: callee.userId, name: broken } }), RING_MS);
      expect(seen(await there.ofUser(callee.userId))).toEqual(["c1", "ringing", undefined]);
      expect(await there.accept("c1", callee)).toMatchObject({
        kind: "accepted",
        call: { caller: { userId: caller.userId }, callee: { userId: callee.userId, sessionId: "s-2" } },
      });
      const active = await here.ofUser(caller.userId);
      expect(seen(active)).toEqual(["c1", "active", "s-2"]);
      expect(await here.hold(active ? [active] : [])).toEqual([]);
      expect(await there.ofUser("Ada")).toBeUndefined();
    });

    test("who answers is shown under the name of the answering session", async () => {
      const { here, there } = await create();
      await here.start(newCall("c1"), RING_MS);
      await there.accept("c1", { ...bob, name: 'Bob "the builder" \\' });
      expect((await here.find("c1"))?.callee.name).toBe('Bob "the builder" \\');
    });

    test("only the callee can answer", async () => {
      const { here } = await create();
      await here.start(newCall("c1"), RING_MS);
      for (const stranger of [ada, eve]) expect(await here.accept("c1", stranger)).toEqual({ kind: "gone" });
      expect(await here.accept("nothing", bob)).toEqual({ kind: "gone" });
      expect(seen(await here.find("c1"))).toEqual(["c1", "ringing", undefined]);
    });

    test("a user who calls the user that is calling them has answered the call", async () => {
      const { here, there } = await create();
      await here.start(newCall("c1"), RING_MS);
      const back = newCall("c2", { caller: bob, callee: { userId: "ada", name: "Ada" } });
      expect(await there.start(back, RING_MS)).toMatchObject({
        kind: "accepted",
        call: { callId: "c1", state: "active", caller: ada, callee: bob },
      });
      expect(await here.find("c2")).toBeUndefined();
      expect(await there.start(back, RING_MS)).toMatchObject({ kind: "caller_busy" });
    });

    test("when many end a call at once, only one gets `finished`, and both users are free", async () => {
      const { here, there } = await create();
      await here.start(newCall("c1"), RING_MS);
      const stores = [here, there, here, there];
      const outcomes = await Promise.all(stores.map((store) => store.finish("c1", ANY_END)));
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["finished", "gone", "gone", "gone"]);
      expect(outcomes.find(({ kind }) => kind === "finished")).toMatchObject({ call: newCall("c1") });
      expect(await there.find("c1")).toBeUndefined();
      expect(await here.accept("c1", bob)).toEqual({ kind: "gone" });
      for (const userId of ["ada", "bob"]) expect(await here.ofUser(userId)).toBeUndefined();
      expect(await here.ringing()).toEqual([]);
      expect(await here.start(newCall("c2"), RING_MS)).toMatchObject({ kind: "ringing" });
    });

    test.each([
      ["in the state that it is in", { state: "ringing", by: "anybody" }, true],
      ["in another state", { state: "active", by: "anybody" }, false],
      ["by its callee", { state: "any", by: { callee: "bob" } }, true],
      ["by another user", { state: "any", by: { callee: "eve" } }, false],
      ["by the caller as its callee", { state: "any", by: { callee: "ada" } }, false],
      ["by the caller's session", { state: "any", by: { session: "s-ada" } }, true],
      ["by a session that has not answered", { state: "any", by: { session: "s-bob" } }, false],
      ["by a stranger's session", { state: "any", by: { session: "s-eve" } }, false],
      ["by a user's id as its session", { state: "any", by: { session: "ada" } }, false],
      ["by a session's id as its callee", { state: "any", by: { callee: "s-ada" } }, false],
      ["when both conditions are true", { state: "ringing", by: { callee: "bob" } }, true],
      ["when the state is another one", { state: "active", by: { callee: "bob" } }, false],
      ["when somebody else ends it", { state: "ringing", by: { session: "s-eve" } }, false],
    ] as const)("a ring is ended only %s", async (_what, condition, ends) => {
      const { here, there } = await create();
      await here.start(newCall("c1"), RING_MS);
      expect((await there.finish("c1", condition)).kind).toBe(ends ? "finished" : "gone");
      expect(await here.find("c1")).toEqual(ends ? undefined : expect.objectContaining({ state: "ringing" }));
    });

    test.each(["s-ada", "s-bob"])(
      "either session (%s) can end an active call, and the outcome has the call's length",
      async (session) => {
        const { here, there, pass } = await create();
        await here.start(newCall("c1"), RING_MS);
        await there.accept("c1", bob);
        await pass(50);
        expect(await there.finish("c1", { state: "any", by: { session: "s-eve" } })).toEqual({ kind: "gone" });
        expect(await there.finish("c1", { state: "ringing", by: "anybody" })).toEqual({ kind: "gone" });
        const outcome = await there.finish("c1", { state: "any", by: { session } });
        expect(outcome).toMatchObject({ kind: "finished", call: { state: "active" } });
        const ageMs = outcome.kind === "finished" ? outcome.call.ageMs : 0;
        expect(ageMs).toBeGreaterThanOrEqual(50);
        expect(ageMs).toBeLessThan(10_000);
      },
    );

    test("when a call is accepted and cancelled at the same moment, only one of the two succeeds", async () => {
      const { here, there } = await create();
      for (let round = 0; round < 20; round += 1) {
        const callId = `c${round}`;
        const caller = { userId: `u${round}`, name: "", sessionId: `s${round}` };
        await here.start(newCall(callId, { caller }), RING_MS);
        const [accepted, cancelled] = await Promise.all([
          there.accept(callId, bob),
          here.finish(callId, { state: "ringing", by: { session: caller.sessionId } }),
        ]);
        expect([accepted.kind, cancelled.kind].filter((kind) => kind === "gone")).toHaveLength(1);
        await here.finish(callId, ANY_END);
      }
    });

    test("when many call one user at the same moment, one call rings", async () => {
      const { here, there } = await create();
      const calls = Array.from({ length: 20 }, (_, n) =>
        newCall(`c${n}`, { caller: { userId: `u${n}`, name: "", sessionId: `s${n}` } }),
      );
      const outcomes = await Promise.all(calls.map((call, n) => (n % 2 ? here : there).start(call, RING_MS)));
      expect(outcomes.filter(({ kind }) => kind === "ringing")).toHaveLength(1);
      expect(outcomes.filter(({ kind }) => kind === "callee_busy")).toHaveLength(19);
      expect(await here.ringing()).toHaveLength(1);
    });

    test("two users who call each other at the same moment are in one call", async () => {
      const { here, there } = await create();
      const [one, other] = await Promise.all([
        here.start(newCall("c1"), RING_MS),
        there.start(newCall("c2", { caller: bob, callee: { userId: "ada", name: "Ada" } }), RING_MS),
      ]);
      expect([one.kind, other.kind].toSorted()).toEqual(["accepted", "ringing"]);
      expect((await here.ofUser("ada"))?.callId).toBe((await here.ofUser("bob"))?.callId);
      expect(await here.ofUser("ada")).toMatchObject({ state: "active" });
    });

    test("a ringing call is over when its time is over, also if nobody has ended it", async () => {
      const { here, there, pass } = await create();
      await here.start(newCall("c1"), 100);
      await pass(150);
      expect(await there.find("c1")).toBeUndefined();
      expect(await there.ofUser("bob")).toBeUndefined();
      expect(await there.ringing()).toEqual([]);
      expect(await there.accept("c1", bob)).toEqual({ kind: "gone" });
      const next = await there.start(newCall("c2", { caller: eve }), RING_MS);
      expect(next).toMatchObject({ kind: "ringing", lapsed: [{ callId: "c1", state: "ringing", remainingMs: 0 }] });
      expect(await here.finish("c1", ANY_END)).toEqual({ kind: "gone" });
      expect(seen(await here.ofUser("bob"))).toEqual(["c2", "ringing", undefined]);
      expect(await here.start(newCall("c3", { callee: { userId: "fay", name: "" } }), RING_MS)).toMatchObject({
        kind: "ringing",
        lapsed: [],
      });
    });

    test("a ringing call whose time is over can still be ended, once", async () => {
      const { here, there, pass } = await create();
      await here.start(newCall("c1"), 100);
      await pass(150);
      expect(await there.finish("c1", { state: "ringing", by: "anybody" })).toMatchObject({ kind: "finished" });
      expect(await here.finish("c1", { state: "ringing", by: "anybody" })).toEqual({ kind: "gone" });
    });

    test("an active call that no node prolongs ends after the hold time; a prolonged call goes on", async () => {
      const { here, there, pass, holdMs } = await create();
      await here.start(newCall("c1"), RING_MS);
      const accepted = await there.accept("c1", bob);
      await here.start(newCall("c2", { caller: eve, callee: { userId: "fay", name: "Fay" } }), RING_MS);
      await there.accept("c2", { userId: "fay", name: "Fay", sessionId: "s-fay" });
      const call = accepted.kind === "accepted" ? accepted.call : undefined;
      if (!call) throw new Error("not accepted");
      for (let half = 0; half < 3; half += 1) {
        await pass(holdMs / 2);
        expect(await there.hold([call])).toEqual([]);
      }
      expect(seen(await here.ofUser("ada"))).toEqual(["c1", "active", "s-bob"]);
      expect(await here.ofUser("eve")).toBeUndefined();
    });

    test("a node cannot prolong a call that was ended", async () => {
      const { here, there } = await create();
      await here.start(newCall("c1"), RING_MS);
      const accepted = await there.accept("c1", bob);
      const call = accepted.kind === "accepted" ? [accepted.call] : [];
      await here.finish("c1", { state: "any", by: { session: "s-ada" } });
      expect(await there.hold(call)).toEqual(["c1"]);
      expect(await there.hold(call)).toEqual(["c1"]);
      expect(await here.find("c1")).toBeUndefined();
      expect(await here.hold([])).toEqual([]);
    });

    test.each(["__proto__", "constructor", "a:b", "{a}", "a*", "r".repeat(128)])(
      "users can have the id %s and are not confused with others",
      async (odd) => {
        const { here, there } = await create();
        const caller = { userId: odd, name: "Ödd “one”\n", sessionId: odd };
        await here.start(newCall("c1", { caller }), RING_MS);
        expect(await there.ofUser(odd)).toMatchObject({ caller });
        expect(await there.ofUser(`${odd}2`)).toBeUndefined();
        expect(await there.finish("c1", { state: "any", by: { session: odd } })).toMatchObject({ kind: "finished" });
        expect(await here.ofUser(odd)).toBeUndefined();
      },
    );

    test("after hundreds of calls have ended no user is busy", async () => {
      const { here, there } = await create();
      const ids = Array.from({ length: 300 }, (_, n) => n);
      await Promise.all(
        ids.map(async (n) => {
          const caller = { userId: `caller-${n}`, name: "", sessionId: `a${n}` };
          const callee = { userId: `callee-${n}`, name: "", sessionId: `b${n}` };
          await here.start(newCall(`c${n}`, { caller, callee: { userId: callee.userId, name: "" } }), RING_MS);
          if (n % 2) await there.accept(`c${n}`, callee);
          await there.finish(`c${n}`, { state: "any", by: { session: caller.sessionId } });
        }),
      );
      expect(await here.ringing()).toEqual([]);
      for (const n of ids) expect(await here.ofUser(`callee-${n}`)).toBeUndefined();
    });

    test("a call names the callee as it was called, until a session answers; the state's age begins anew with the answer", async () => {
      const { here, there, pass, holdMs } = await create();
      await here.start(newCall("c1"), RING_MS);
      await pass(200);
      const ringing = await there.find("c1");
      expect(ringing?.callee).toEqual({ userId: "bob", name: "Bob" });
      expect(ringing?.ageMs).toBeGreaterThanOrEqual(200);
      const accepted = await there.accept("c1", { ...bob, name: "Bobby" });
      if (accepted.kind !== "accepted") throw new Error("not accepted");
      expect(accepted.call.callee).toEqual({ ...bob, name: "Bobby" });
      expect(accepted.call.ageMs).toBeLessThan(200);
      expect(accepted.call.remainingMs).toBeGreaterThan(holdMs - 200);
      expect(accepted.call.remainingMs).toBeLessThanOrEqual(holdMs);
    });

    test("holding a call renews its lease and leaves the call as it is", async () => {
      const { here, there, pass, holdMs } = await create();
      await here.start(newCall("c1", { kind: "video" }), RING_MS);
      const accepted = await there.accept("c1", bob);
      if (accepted.kind !== "accepted") throw new Error("not accepted");
      const { ageMs: _, remainingMs: __, ...constant } = accepted.call;
      await pass(holdMs / 2);
      expect((await here.find("c1"))?.remainingMs).toBeLessThanOrEqual(holdMs / 2);
      expect(await here.hold([accepted.call])).toEqual([]);
      const held = await there.find("c1");
      expect(held).toMatchObject(constant);
      expect(held?.ageMs).toBeGreaterThanOrEqual(holdMs / 2);
      expect(held?.remainingMs).toBeGreaterThan(holdMs - 500);
      expect(held?.remainingMs).toBeLessThanOrEqual(holdMs);
    });

    test("holding a call keeps the newest names of the two users, and nothing else changes", async () => {
      const { here, there } = await create();
      await here.start(newCall("c1"), RING_MS);
      const accepted = await there.accept("c1", bob);
      if (accepted.kind !== "accepted") throw new Error("not accepted");
      const { caller, callee, ...rest } = accepted.call;
      const renamed = { ...rest, caller: { ...caller, name: 'Countess "A" 🎉' }, callee: { ...callee, name: "Bobby" } };
      expect(await there.hold([renamed])).toEqual([]);
      expect(await here.hold([renamed])).toEqual([]);
      expect(await here.find("c1")).toMatchObject({
        caller: renamed.caller,
        callee: renamed.callee,
        roomId: rest.roomId,
      });
      expect(await here.finish("c1", ANY_END)).toMatchObject({
        call: { caller: renamed.caller, callee: renamed.callee },
      });
    });

    test("a start removes the calls of both users whose time is up, ringing or active, and returns them", async () => {
      const { here, there, pass, holdMs } = await create();
      const fay = { userId: "fay", name: "Fay", sessionId: "s-fay" };
      await here.start(newCall("c1"), RING_MS);
      await there.accept("c1", bob);
      await pass(holdMs - 100);
      await here.start(newCall("c2", { caller: eve, callee: { userId: "fay", name: "Fay" } }), 50);
      await pass(150);
      const next = await there.start(newCall("c3", { caller: ada, callee: { userId: "eve", name: "Eve" } }), RING_MS);
      expect(next).toMatchObject({ kind: "ringing", lapsed: [{ callId: "c1", state: "active" }, { callId: "c2" }] });
      for (const callId of ["c1", "c2"]) expect(await here.finish(callId, ANY_END)).toEqual({ kind: "gone" });
      // The other users of the two calls are free as well.
      expect(await here.start(newCall("c4", { caller: bob, callee: fay }), RING_MS)).toMatchObject({
        kind: "ringing",
        lapsed: [],
      });
    });

    test("a start that is refused returns the lapsed calls as well", async () => {
      const { here, there, pass } = await create();
      await here.start(newCall("c1", { callee: { userId: "eve", name: "Eve" } }), 50);
      await here.start(newCall("c2", { caller: bob, callee: { userId: "fay", name: "Fay" } }), RING_MS);
      await pass(100);
      expect(await there.start(newCall("c3"), RING_MS)).toMatchObject({
        kind: "callee_busy",
        lapsed: [{ callId: "c1" }],
      });
      expect(await here.finish("c1", ANY_END)).toEqual({ kind: "gone" });
    });

    test("all ringing calls are listed, and no others", async () => {
      const { here, there, pass } = await create();
      const ring = (n: number, ringMs: number) =>
        here.start(
          newCall(`c${n}`, {
            caller: { userId: `a${n}`, name: "", sessionId: `sa${n}` },
            callee: { userId: `b${n}`, name: "" },
          }),
          ringMs,
        );
      await Promise.all([ring(1, RING_MS), ring(2, RING_MS), ring(3, RING_MS), ring(4, 50), ring(5, RING_MS)]);
      await there.accept("c2", { userId: "b2", name: "", sessionId: "sb2" });
      await there.finish("c3", ANY_END);
      await pass(100);
      expect((await there.ringing()).map(({ callId }) => callId).toSorted()).toEqual(["c1", "c5"]);
    });

    test("a second close does nothing", async () => {
      const { here } = await create();
      await here.close();
      await expect(here.close()).resolves.toBeUndefined();
    });

    test("a user is rung so often in a window, by all callers together; another user is not concerned", async () => {
      const { here, there, pass } = await create();
      const ring = async (n: number, callee = "bob") => {
        const caller = { userId: `u${n}`, name: "", sessionId: `s${n}` };
        const call = newCall(`c${callee}${n}`, { caller, callee: { userId: callee, name: "" } });
        const started = await (n % 2 === 0 ? here : there).start(call, RING_MS);
        await here.finish(call.callId, ANY_END);
        return started;
      };
      for (let n = 0; n < MOST_RINGS; n++) expect(await ring(n)).toMatchObject({ kind: "ringing" });
      const refused = await ring(MOST_RINGS);
      if (refused.kind !== "rung_often") throw new Error("not refused");
      expect(refused.retryAfterMs).toBeGreaterThan(0);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(RING_WINDOW_MS);
      expect(await here.ofUser(`u${MOST_RINGS}`)).toBeUndefined();
      expect(await ring(0, "eve")).toMatchObject({ kind: "ringing" });
      await pass(refused.retryAfterMs);
      expect(await ring(0)).toMatchObject({ kind: "ringing" });
    });

    test("one caller alone cannot use up the rings of a user", async () => {
      const { here, there } = await create();
      for (let n = 0; n < mostRingsOfPair(MOST_RINGS); n++) {
        expect(await here.start(newCall(`c${n}`), RING_MS)).toMatchObject({ kind: "ringing" });
        await here.finish(`c${n}`, ANY_END);
      }
      expect(await there.start(newCall("more"), RING_MS)).toMatchObject({ kind: "rung_often" });
      expect(await there.start(newCall("other", { caller: eve }), RING_MS)).toMatchObject({ kind: "ringing" });
    });

    describe("a call to a user who has blocked the caller", () => {
      const LIMITS = { ofCallee: 10, total: 10 };

      test("rings for the caller alone: the callee is not busy, is not found in it and cannot answer or decline it", async () => {
        const { here, there, blocked } = await create();
        await blocked.add("bob", "ada", LIMITS);
        const started = await here.start(newCall("c1"), RING_MS);
        expect(started).toMatchObject({
          kind: "ringing",
          call: { hidden: true, state: "ringing", callee: { userId: "bob" } },
        });
        expect(await there.ofUser("ada")).toMatchObject({ callId: "c1", hidden: true });
        expect(await there.find("c1")).toMatchObject({ hidden: true });
        expect(await there.ofUser("bob")).toBeUndefined();
        expect(await there.ringing()).toEqual([]);
        expect(await there.accept("c1", bob)).toEqual({ kind: "gone" });
        expect(await there.finish("c1", { state: "ringing", by: { callee: "bob" } })).toEqual({ kind: "gone" });
        expect(await here.start(newCall("c2", { callee: { userId: "eve", name: "" } }), RING_MS)).toMatchObject({
          kind: "caller_busy",
        });
        // The callee can be called meanwhile, and that call does not end with the hidden one.
        expect(await there.start(newCall("c3", { caller: eve }), RING_MS)).toMatchObject({ kind: "ringing" });
        expect(await here.finish("c1", { state: "ringing", by: { session: "s-ada" } })).toMatchObject({
          kind: "finished",
          call: { hidden: true },
        });
        expect(await here.ofUser("ada")).toBeUndefined();
        expect(await here.ofUser("bob")).toMatchObject({ callId: "c3" });
      });

      test("is refused like any other when the callee is busy, and answered when the callee calls the caller", async () => {
        const { here, there, blocked } = await create();
        await blocked.add("bob", "ada", LIMITS);
        await here.start(newCall("c1", { caller: eve }), RING_MS);
        expect(await there.start(newCall("c2"), RING_MS)).toMatchObject({ kind: "callee_busy" });
        await here.finish("c1", ANY_END);
        await here.start(newCall("c3", { caller: bob, callee: { userId: "ada", name: "Ada" } }), RING_MS);
        expect(await there.start(newCall("c4"), RING_MS)).toMatchObject({ kind: "accepted", call: { callId: "c3" } });
      });

      test("ends by its time, and the caller can call again", async () => {
        const { here, there, blocked, pass } = await create();
        await blocked.add("bob", "ada", LIMITS);
        await here.start(newCall("c1"), 50);
        await pass(50);
        expect(await there.find("c1")).toBeUndefined();
        const again = await there.start(newCall("c2"), RING_MS);
        expect(again).toMatchObject({
          kind: "ringing",
          call: { hidden: true },
          lapsed: [{ callId: "c1", hidden: true }],
        });
      });

      test("does not use up the rings of others, and is limited alike", async () => {
        const { here, blocked } = await create();
        await blocked.add("bob", "ada", LIMITS);
        for (let n = 0; n < mostRingsOfPair(MOST_RINGS); n++) {
          expect(await here.start(newCall(`c${n}`), RING_MS)).toMatchObject({ kind: "ringing" });
          await here.finish(`c${n}`, ANY_END);
        }
        expect(await here.start(newCall("more"), RING_MS)).toMatchObject({ kind: "rung_often" });
        expect(await here.start(newCall("other", { caller: eve }), RING_MS)).toMatchObject({ kind: "ringing" });
      });

      test("is refused when others have used up the rings of the callee, so that a block cannot be told from that", async () => {
        const { here, there, blocked } = await create();
        for (let n = 0; n < MOST_RINGS; n++) {
          await here.start(newCall(`c${n}`, { caller: { userId: `u${n}`, name: "", sessionId: `s${n}` } }), RING_MS);
          await here.finish(`c${n}`, ANY_END);
        }
        expect(await there.start(newCall("before"), RING_MS)).toMatchObject({ kind: "rung_often" });
        await blocked.add("bob", "ada", LIMITS);
        expect(await there.start(newCall("after"), RING_MS)).toMatchObject({ kind: "rung_often" });
      });

      test("rings again when the caller is taken from the list", async () => {
        const { here, there, blocked } = await create();
        await blocked.add("bob", "ada", LIMITS);
        expect(await blocked.remove("bob", "ada")).toBe(true);
        await here.start(newCall("c1"), RING_MS);
        expect(await there.ofUser("bob")).toMatchObject({ callId: "c1" });
      });
    });

    test("the lists of blocked callers are those of each user, of any ids, and bounded", async () => {
      const { blocked } = await create();
      const limits = { ofCallee: 4, total: 5 };
      const callers = ["a b", "会议室", "auth0|x", "a"];
      for (const caller of callers) expect(await blocked.add("bob", caller, limits)).toBe("added");
      expect([...(await blocked.of("bob"))].toSorted()).toEqual(callers.toSorted());
      expect(await blocked.add("bob", "one more", limits)).toBe("full");
      expect(await blocked.add("bob", "a", limits)).toBe("added");
      expect(await blocked.add("bo", "a", limits)).toBe("added");
      expect(await blocked.add("b", "a", limits)).toBe("full");
      expect(await blocked.remove("bob", "a")).toBe(true);
      expect(await blocked.remove("bob", "a")).toBe(false);
      expect(await blocked.of("bo")).toEqual(["a"]);
      expect(await blocked.of("nobody")).toEqual([]);
      expect(await blocked.add("b", "a", limits)).toBe("added");
    });
  });
}
