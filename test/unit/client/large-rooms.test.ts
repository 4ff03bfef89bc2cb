import { describe, expect, it } from "vitest";
import type { EventData, ListedParticipant, RoomSnapshot } from "@lastseen/protocol";
import { settle } from "./fake-browser.js";
import { connected, greet, hello, inRoom, joined, payloads, person, room, type Scene } from "./scenes.js";

/** What the service left out of the short form. */
function listed(name: string): ListedParticipant {
  return { userId: name, sessionId: `s-${name}`, joinedAt: 1 };
}

const short = (name: string) => person(name, { lastSeenAt: 1 });

/** A snapshot whose list goes on after these participants. */
function firstPage(version: number, count: number, ...names: string[]): RoomSnapshot {
  return { ...room(version, ...names.map((name) => person(name))), count, next: String(names.length) };
}

async function inLargeRoom(snapshot: RoomSnapshot): Promise<Scene> {
  const scene = await connected();
  const join = scene.client.join("daily");
  await settle();
  await scene.browser.socket.answer("join", joined(snapshot));
  await join;
  return scene;
}

async function changed(scene: Scene, change: Partial<EventData<"roster_changed">>): Promise<void> {
  const data = { roomId: "daily", version: 2, count: 2, audience: 0, ...change };
  await scene.browser.socket.receive({ type: "roster_changed", data });
}

const names = ({ client }: Scene) => client.room?.participants.map(({ userId }) => userId);
const asked = ({ browser }: Scene) => browser.socket.requests("getParticipants").map(({ data }) => data);

describe("changes in batches", () => {
  it("are applied as one change", async () => {
    const scene = await inRoom([person("bob"), person("cy"), person("dee")]);
    scene.seen.length = 0;
    await changed(scene, {
      count: 4,
      joined: [listed("eve"), { ...listed("fay"), name: "Fay", state: "away", metadata: { hand: true } }],
      left: [
        { reason: "left", sessionIds: ["s-bob"] },
        { reason: "disconnected", sessionIds: ["s-cy"] },
      ],
      away: ["s-dee"],
      changed: [{ sessionId: "s-dee", name: "Dee", metadata: { a: 1 } }],
    });
    expect(scene.client.room).toEqual({
      ...room(
        2,
        person("ann"),
        person("dee", { state: "away", name: "Dee", metadata: { a: 1 } }),
        short("eve"),
        person("fay", { name: "Fay", state: "away", metadata: { hand: true } }),
      ),
      count: 4,
      audience: 0,
    });
    const [change] = payloads(scene, "roster");
    expect(change?.added.map(({ userId }) => userId)).toEqual(["eve", "fay"]);
    expect(change?.removed.map(({ userId }) => userId)).toEqual(["bob", "cy"]);
    expect(payloads(scene, "roster")).toHaveLength(1);
  });

  it("may repeat what a snapshot has told", async () => {
    const scene = await inRoom([person("bob")]);
    await changed(scene, { joined: [listed("bob")], left: [{ reason: "left", sessionIds: ["s-cy"] }] });
    expect(names(scene)).toEqual(["ann", "bob"]);
  });

  it("make the client ask for the room when it has missed one", async () => {
    const scene = await inRoom([person("bob")]);
    await changed(scene, { version: 3, count: 3, joined: [listed("dee")] });
    await scene.browser.socket.answer("getRoom", { room: room(3, person("ann"), person("cy"), person("dee")) });
    expect(names(scene)).toEqual(["ann", "cy", "dee"]);
  });
});

describe("the list in pages", () => {
  it("is asked for until it is complete, and changes count in the meantime", async () => {
    const scene = await inLargeRoom(firstPage(1, 5, "ann", "bob"));
    expect(asked(scene)).toEqual([{ after: "2" }]);
    expect(scene.client.room?.count).toBe(5);
    await changed(scene, { count: 5, left: [{ reason: "left", sessionIds: ["s-bob"] }], joined: [listed("fay")] });
    const page = { roomId: "daily", version: 2, participants: [listed("cy"), listed("dee")], next: "4" };
    await scene.browser.socket.answer("getParticipants", page);
    expect(asked(scene)).toEqual([{ after: "2" }, { after: "4" }]);
    const last = { roomId: "daily", version: 2, participants: [listed("eve"), listed("fay")] };
    await scene.browser.socket.answer("getParticipants", last);
    expect(names(scene)).toEqual(["ann", "cy", "dee", "eve", "fay"]);
    expect(scene.client.room).toMatchObject({ count: 5, version: 2 });
    expect(scene.client.room?.next).toBeUndefined();
    expect(asked(scene)).toHaveLength(2);
  });

  it("keeps those who were known until the last page has come, so that nobody flickers after a resume", async () => {
    const scene = await inLargeRoom(firstPage(1, 4, "ann", "bob"));
    const rest = { roomId: "daily", version: 1, participants: [listed("cy"), listed("dee")] };
    await scene.browser.socket.answer("getParticipants", rest);
    await scene.browser.socket.closeWith(1006);
    await scene.browser.timers.advance(1_000);
    await settle();
    scene.seen.length = 0;
    await greet(scene.browser, { resumed: true, epoch: 2, room: firstPage(7, 4, "ann", "eve") });
    expect(names(scene)).toEqual(["ann", "eve", "bob", "cy", "dee"]);
    await scene.browser.socket.answer("getParticipants", { ...rest, version: 7, participants: [listed("dee")] });
    expect(names(scene)).toEqual(["ann", "eve", "dee"]);
    const removed = payloads(scene, "roster").flatMap((change) => change.removed.map(({ userId }) => userId));
    expect(removed).toEqual(["bob", "cy"]);
  });

  it("is asked for again after the next pong when an answer was a refusal", async () => {
    const scene = await inLargeRoom(firstPage(1, 3, "ann", "bob"));
    const { socket } = scene.browser;
    const [request] = socket.requests("getParticipants");
    const error = { code: "rate_limited", message: "Slow down.", retryable: true };
    await socket.receive({ id: request?.id, ok: false, error });
    expect(asked(scene)).toHaveLength(1);
    await socket.receive({ type: "pong", v: 1 });
    expect(asked(scene)).toHaveLength(2);
    await socket.answer("getParticipants", { roomId: "daily", version: 1, participants: [listed("cy")] });
    expect(names(scene)).toEqual(["ann", "bob", "cy"]);
  });

  it("begins anew when the room was sent again meanwhile", async () => {
    const scene = await inLargeRoom(firstPage(1, 4, "ann", "bob"));
    const { socket } = scene.browser;
    await socket.receive({ type: "pong", v: 2 });
    await socket.answer("getRoom", { room: { ...firstPage(2, 4, "ann", "cy"), next: "3" } });
    await socket.answer("getParticipants", { roomId: "daily", version: 1, participants: [listed("bob")] });
    expect(asked(scene)).toEqual([{ after: "2" }, { after: "3" }]);
    await socket.answer("getParticipants", { roomId: "daily", version: 2, participants: [listed("dee")] });
    expect(names(scene)).toEqual(["ann", "cy", "dee"]);
  });
});

describe("audience", () => {
  const hall = { ...room(1, person("bob")), count: 3, audience: 2, role: "audience" as const };

  it("knows how many people there are and that it is not in the list", async () => {
    const scene = await inLargeRoom(hall);
    expect(scene.client.room).toMatchObject({ count: 3, audience: 2, role: "audience" });
    expect(scene.client.self).toBeUndefined();
    await changed(scene, { count: 9, audience: 8 });
    expect(scene.client.room).toMatchObject({ count: 9, audience: 8 });
    const event = { roomId: "daily", version: 3, participant: person("cy") };
    await scene.browser.socket.receive({ type: "user_joined", data: event });
    expect(scene.client.room?.count).toBe(10);
  });

  it("becomes a participant when the service lists it", async () => {
    const scene = await inLargeRoom(hall);
    await changed(scene, { count: 3, audience: 1, joined: [listed("ann")] });
    expect(scene.client.room?.role).toBeUndefined();
    expect(scene.client.self).toMatchObject({ userId: "ann" });
  });

  it("asks for its role again when it joins again", async () => {
    const scene = await connected();
    void scene.client.join("daily", { role: "audience" });
    await settle();
    await scene.browser.socket.answer("join", joined(hall));
    await scene.browser.socket.closeWith(1006);
    await scene.browser.timers.advance(1_000);
    await settle();
    await scene.browser.socket.open();
    await scene.browser.socket.answer("hello", hello({ room: null }));
    expect(scene.browser.socket.requests("join").at(-1)?.data).toEqual({ roomId: "daily", role: "audience" });
  });
});
