import { expect, test } from "vitest";
import { Emitter } from "../../../src/kernel/emitter.js";
import type { LifecycleEvents } from "../../../src/session/events.js";
import { ResumeToken } from "../../../src/session/resume-token.js";
import { Session } from "../../../src/session/session.js";
import { translate, type Step } from "../../../src/webhook/translate.js";

function scene() {
  const lifecycle = new Emitter<LifecycleEvents>((error) => expect.unreachable(String(error)));
  const open = new Set<string>();
  const steps: Step[] = [];
  translate(lifecycle, { nodeId: "a", isOpen: (roomId) => open.has(roomId) }, (step) => steps.push(step));
  const told = () => steps.splice(0).map(({ type, epoch, roomId }) => [type, epoch, roomId]);
  return { lifecycle, open, told };
}

function session(userId: string): Session {
  const identity = { userId, name: userId, rooms: undefined, calls: true, expiresAt: Infinity };
  const times = { openedAt: 0, now: 0, mono: 0 };
  const resumeToken = ResumeToken.create();
  return new Session({
    id: `s-${userId}`,
    identity,
    tabId: "t",
    ...times,
    epoch: 3,
    connection: undefined,
    resumeToken,
  });
}

const gone = { reason: "kicked", cause: undefined } as const;

test("a room opens with its first participant and closes with its last", () => {
  const { lifecycle, open, told } = scene();
  const [ada, bob] = [session("ada"), session("bob")];
  open.add("daily");
  lifecycle.emit("joined", { session: ada, roomId: "daily" });
  lifecycle.emit("joined", { session: bob, roomId: "daily" });
  lifecycle.emit("left", { session: ada, roomId: "daily", ...gone, sinceLastSignMs: 0 });
  open.delete("daily");
  lifecycle.emit("left", { session: bob, roomId: "daily", ...gone, sinceLastSignMs: 0 });
  expect(told()).toEqual([
    ["room_opened", null, "daily"],
    ["joined", 3, "daily"],
    ["joined", 3, "daily"],
    ["left", 3, "daily"],
    ["left", 3, "daily"],
    ["room_closed", null, "daily"],
  ]);
});

test("the end of a session has the epoch in which this node owned it, not the epoch of the claim", () => {
  const { lifecycle, told } = scene();
  const ada = session("ada");
  expect(ada.claim()).toBe(true);
  expect(ada.epoch).toBe(4);
  lifecycle.emit("left", { session: ada, roomId: "daily", ...gone, sinceLastSignMs: 0 });
  lifecycle.emit("ended", { session: ada, ...gone });
  expect(told()).toEqual([
    ["left", 3, "daily"],
    ["room_closed", null, "daily"],
    ["session_ended", 3, null],
  ]);
});

test("a session that another node holds sends no more events here, and its room sends none", () => {
  const { lifecycle, told } = scene();
  const ada = session("ada");
  ada.claim();
  lifecycle.emit("left", { session: ada, roomId: "daily", reason: "node_lost", cause: undefined, sinceLastSignMs: 0 });
  lifecycle.emit("ended", { session: ada, reason: "node_lost", cause: undefined });
  expect(told()).toEqual([]);
});

test("a session whose client did not come back after its node had died ends like any other", () => {
  const { lifecycle, told } = scene();
  const ada = session("ada");
  ada.claim();
  lifecycle.emit("ended", { session: ada, reason: "node_lost", cause: "node_lost" });
  expect(told()).toEqual([["session_ended", 3, null]]);
});
