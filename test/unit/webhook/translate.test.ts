import { describe, expect, test } from "vitest";
import { Emitter } from "../../../src/kernel/emitter.js";
import type { LifecycleEvents } from "../../../src/session/events.js";
import { NoSessionMedia } from "../../../src/media/no-media.js";
import { Room } from "../../../src/room/room.js";
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
    ["room_opened", 0, "daily"],
    ["joined", 3, "daily"],
    ["joined", 3, "daily"],
    ["left", 3, "daily"],
    ["left", 3, "daily"],
    ["room_closed", 0, "daily"],
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
    ["room_closed", 0, "daily"],
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

describe("a room that two nodes had", () => {
  /** A session in a room that this node holds under an epoch. */
  function inRoom(userId: string, room: Room): Session {
    const member = session(userId);
    const media = new NoSessionMedia();
    member.participation = { roster: room, media, joinedAt: 0, chosenRole: undefined, role: "participant", place: 1 };
    return member;
  }
  const roomUnder = (epoch: number) => new Room("daily", 0, epoch);

  test("the end of the room has the epoch under which this node had it, so an end that comes late counts as old", () => {
    const { lifecycle, told } = scene();
    const ada = inRoom("ada", roomUnder(100));
    lifecycle.emit("joined", { session: ada, roomId: "daily" });
    lifecycle.emit("left", { session: ada, roomId: "daily", ...gone, sinceLastSignMs: 0 });
    expect(told().filter(([type]) => String(type).startsWith("room"))).toEqual([
      ["room_opened", 100, "daily"],
      ["room_closed", 100, "daily"],
    ]);
  });

  test("a node that gets a room from another tells it once, under the new epoch", () => {
    const { lifecycle, open, told } = scene();
    open.add("daily");
    const room = roomUnder(200);
    for (const userId of ["ada", "bob"])
      lifecycle.emit("adopted", { session: inRoom(userId, room), fromNodeId: "b", isWritten: true });
    lifecycle.emit("joined", { session: inRoom("eve", room), roomId: "daily" });
    expect(told().filter(([type]) => String(type).startsWith("room"))).toEqual([["room_adopted", 200, "daily"]]);
  });

  test("a node that was cut off tells that its room goes on, because others may have told its end", () => {
    const { lifecycle, open, told } = scene();
    open.add("daily");
    const room = roomUnder(100);
    const ada = inRoom("ada", room);
    lifecycle.emit("joined", { session: ada, roomId: "daily" });
    told();
    room.heldUnder(300);
    lifecycle.emit("held_again", { session: ada });
    expect(told()).toEqual([
      ["session_adopted", 3, "daily"],
      ["room_adopted", 300, "daily"],
    ]);
    open.delete("daily");
    lifecycle.emit("left", { session: ada, roomId: "daily", ...gone, sinceLastSignMs: 0 });
    expect(told().at(-1)).toEqual(["room_closed", 300, "daily"]);
  });

  test("people who come after their room raise the epoch of the room where they come to", () => {
    const { lifecycle, open, told } = scene();
    open.add("daily");
    const room = roomUnder(100);
    lifecycle.emit("joined", { session: inRoom("eve", room), roomId: "daily" });
    room.heldUnder(400);
    lifecycle.emit("adopted", { session: inRoom("ada", room), fromNodeId: "a", isWritten: true });
    expect(told().at(-1)).toEqual(["room_adopted", 400, "daily"]);
  });
});
