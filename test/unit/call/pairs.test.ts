import { describe, expect, test } from "vitest";
import { Random } from "../../support/random.js";
import { CallWorld, RING_MS, accept, start, stop, type Device } from "./call-world.js";
import { expectConsistent } from "./consistent.js";

/** Ada on one node calls Bob, who has a phone on the same and a laptop on another node; Eve is in no call. */
interface Scene {
  world: CallWorld;
  ada: Device;
  phone: Device;
  laptop: Device;
  eve: Device;
  callId: string;
}

type Act = (scene: Scene) => Promise<unknown>;
const outcomes = ["ended", "declined", "timeout", "cancelled", "disconnected"] as const;
type Outcome = (typeof outcomes)[number] | "active" | "ringing";

interface Step {
  act: Act;
  leads: Outcome;
  /** How the call may end if something else happens at the same moment. */
  or?: Outcome;
}

/** What can happen to a call that rings, and how the call is afterwards. */
const RINGING: Record<string, Step> = {
  "the phone answers": { act: ({ phone, callId }) => accept(phone, callId), leads: "active" },
  "the laptop answers": { act: ({ laptop, callId }) => accept(laptop, callId), leads: "active" },
  "the phone calls back": { act: ({ phone }) => start(phone, "ada"), leads: "active" },
  "the phone declines": { act: ({ phone, callId }) => stop(phone, "decline", callId), leads: "declined" },
  "the laptop declines": { act: ({ laptop, callId }) => stop(laptop, "decline", callId), leads: "declined" },
  "the caller cancels": { act: ({ ada, callId }) => stop(ada, "cancel", callId), leads: "cancelled" },
  "the caller hangs up": { act: ({ ada, callId }) => stop(ada, "hangUp", callId), leads: "cancelled" },
  "the caller's session ends": { act: async ({ ada }) => ada.node.end(ada), leads: "disconnected" },
  "the sessions of the callee's devices end": {
    act: async ({ phone, laptop }) => [phone, laptop].forEach((device) => device.node.end(device)),
    leads: "disconnected",
    or: "ringing",
  },
  "the session of one device ends": {
    act: async ({ phone }) => phone.node.end(phone),
    leads: "ringing",
    or: "disconnected",
  },
  "its time is over": { act: ({ world }) => world.clock.advance(RING_MS), leads: "timeout" },
  "a third user calls": { act: ({ eve }) => start(eve, "bob"), leads: "ringing" },
  "a third user tries to accept and to end it": {
    act: async ({ eve, callId }) =>
      Promise.all([accept(eve, callId), stop(eve, "decline", callId), stop(eve, "hangUp", callId)]),
    leads: "ringing",
  },
  "another device of the callee connects": { act: ({ world }) => world.node(1).open("bob"), leads: "ringing" },
};

/** What can happen to a call that the phone has answered, and how the call is afterwards. */
const ACTIVE: Record<string, Step> = {
  "the caller hangs up": { act: ({ ada, callId }) => stop(ada, "hangUp", callId), leads: "ended" },
  "the callee hangs up": { act: ({ phone, callId }) => stop(phone, "hangUp", callId), leads: "ended" },
  "the caller's session ends": { act: async ({ ada }) => ada.node.end(ada), leads: "disconnected" },
  "the callee's session ends": { act: async ({ phone }) => phone.node.end(phone), leads: "disconnected" },
  "an operator ends the callee's session": {
    act: async ({ phone }) => phone.node.end(phone, "kicked"),
    leads: "disconnected",
  },
  "the callee says goodbye": { act: async ({ phone }) => phone.node.end(phone, "left"), leads: "ended" },
  "the session of the other device ends": { act: async ({ laptop }) => laptop.node.end(laptop), leads: "active" },
  "the caller cancels, too late": { act: ({ ada, callId }) => stop(ada, "cancel", callId), leads: "active" },
  "the laptop answers, too late": { act: ({ laptop, callId }) => accept(laptop, callId), leads: "active" },
  "the laptop declines, too late": { act: ({ laptop, callId }) => stop(laptop, "decline", callId), leads: "active" },
  "the time of the ring is over": { act: ({ world }) => world.clock.advance(RING_MS), leads: "active" },
  "a third user calls": { act: ({ eve }) => start(eve, "ada"), leads: "active" },
};

async function scene(seed: number, isActive: boolean): Promise<Scene> {
  const world = await CallWorld.create(3, new Random(seed));
  const ada = await world.node(0).open("ada");
  const phone = await world.node(0).open("bob");
  const laptop = await world.node(1).open("bob");
  const eve = await world.node(2).open("eve");
  await world.settle();
  const callId = await start(ada, "bob");
  if (callId === undefined) throw new Error("the call was refused");
  await world.settle();
  if (isActive) await accept(phone, callId);
  await world.settle();
  return { world, ada, phone, laptop, eve, callId };
}

async function outcomeOf({ world, callId }: Scene): Promise<Outcome | undefined> {
  const live = await world.calls.find(callId);
  return live?.state ?? (world.finished.find((finished) => finished.callId === callId)?.outcome as Outcome | undefined);
}

async function check(stage: Scene, expected: readonly Outcome[]): Promise<void> {
  const { world, ada, phone, laptop, eve } = stage;
  await world.settle();
  await expectConsistent(world, [ada, phone, laptop, eve], ["ada", "bob", "eve"]);
  expect(expected).toContain(await outcomeOf(stage));
  await world.close();
}

/** How a call may be after two things at the same moment: as after either of them, or as an answered call ends. */
function possible({ leads: first, or }: Step, { leads: second, or: other }: Step): Outcome[] {
  const more = [or, other].filter((outcome) => outcome !== undefined);
  const both = [first, second].filter((outcome) => outcome !== "ringing" && outcome !== "active");
  const answered: Outcome[] = first === "active" || second === "active" ? ["active"] : [];
  if (both.length > 0) return [...both, ...answered, ...answered.map(() => "ended" as const), ...more];
  return answered.length > 0 ? [...answered, ...more] : ["ringing"];
}

for (const [state, table] of [
  ["ringing", RINGING],
  ["active", ACTIVE],
] as const) {
  describe(`a call that is ${state}`, () => {
    const rows = Object.entries(table);
    test.each(rows)("and %s", async (_what, { act, leads }) => {
      const stage = await scene(1, state === "active");
      await act(stage);
      await check(stage, [leads]);
    });

    const pairs = rows.flatMap(([one, first], n) =>
      rows.slice(n + 1).map(([other, second]) => [one, other, first, second] as const),
    );
    test.each(pairs)("%s while %s", async (_one, _other, first, second) => {
      for (let seed = 1; seed <= 12; seed += 1) {
        const stage = await scene(seed, state === "active");
        const acts = seed % 2 === 0 ? [first, second] : [second, first];
        await Promise.all(acts.map(({ act }) => act(stage)));
        await check(stage, possible(first, second));
      }
    });
  });
}
