import { describe, expect, it } from "vitest";
import { Roster } from "../../../packages/client/src/roster.js";
import { inRoom, payloads, person, room } from "./scenes.js";

const at = (version: number) => ({ roomId: "daily", version });
const names = (roster: { participants: { name: string }[] } | undefined) =>
  roster?.participants.map(({ name }) => name);

describe("roster", () => {
  it("follows the service's events", () => {
    const roster = new Roster(room(1, person("ann")));
    expect(roster.apply({ type: "user_joined", data: { ...at(2), participant: person("bob") } })).toBe("applied");
    expect(
      roster.apply({ type: "user_away", data: { ...at(3), userId: "bob", sessionId: "s-bob", reason: "x" } }),
    ).toBe("applied");
    expect(roster.find("s-bob")?.state).toBe("away");
    roster.apply({ type: "user_back", data: { ...at(4), userId: "bob", sessionId: "s-bob", reason: "x" } });
    expect(roster.find("s-bob")?.state).toBe("present");
    roster.apply({
      type: "metadata_changed",
      data: { ...at(5), userId: "bob", sessionId: "s-bob", metadata: { hand: true } },
    });
    expect(roster.find("s-bob")?.metadata).toEqual({ hand: true });
    const gone = {
      userId: "bob",
      name: "bob",
      sessionId: "s-bob",
      reason: "left" as const,
      count: 1,
      participants: ["ann"],
    };
    roster.apply({ type: "user_left", data: { ...at(6), ...gone } });
    expect(names(roster.snapshot)).toEqual(["ann"]);
    expect(roster.snapshot.version).toBe(6);
  });

  it("does not apply an event twice, and notices when it has missed one", () => {
    const roster = new Roster(room(5, person("ann")));
    expect(roster.apply({ type: "user_joined", data: { ...at(5), participant: person("bob") } })).toBe("unaffected");
    expect(names(roster.snapshot)).toEqual(["ann"]);
    expect(roster.apply({ type: "user_joined", data: { ...at(7), participant: person("cy") } })).toBe("gap");
    expect(names(roster.snapshot)).toEqual(["ann", "cy"]);
  });

  it("has nobody twice", () => {
    const roster = new Roster(room(1, person("ann"), person("bob")));
    roster.apply({ type: "user_joined", data: { ...at(2), participant: person("bob", { name: "Bobby" }) } });
    expect(names(roster.snapshot)).toEqual(["ann", "Bobby"]);
  });

  it("ignores events of another room", () => {
    const roster = new Roster(room(1, person("ann")));
    expect(
      roster.apply({ type: "user_joined", data: { roomId: "other", version: 2, participant: person("bob") } }),
    ).toBe("unaffected");
  });

  it("knows what everybody sends", () => {
    const roster = new Roster(room(1, person("bob")));
    const of = { roomId: "daily", userId: "bob", sessionId: "s-bob", producerId: "p1" };
    roster.apply({ type: "new_producer", data: { ...of, kind: "audio", source: "mic", paused: false } });
    roster.apply({ type: "new_producer", data: { ...of, kind: "audio", source: "mic", paused: false } });
    expect(roster.find("s-bob")?.producers).toEqual([{ id: "p1", kind: "audio", source: "mic", paused: false }]);
    roster.apply({ type: "producer_paused", data: of });
    expect(roster.find("s-bob")?.producers[0]?.paused).toBe(true);
    roster.apply({ type: "producer_resumed", data: of });
    expect(roster.find("s-bob")?.producers[0]?.paused).toBe(false);
    roster.apply({ type: "producer_closed", data: of });
    expect(roster.find("s-bob")?.producers).toEqual([]);
  });

  it("does not go back to an older snapshot", () => {
    const roster = new Roster(room(5, person("ann")));
    expect(roster.replace(room(4))).toBe(false);
    expect(roster.replace(room(5, person("ann"), person("bob")))).toBe(true);
  });
});

describe("roster of a client", () => {
  it("asks once for the whole roster when an event was missed, and reports the difference", async () => {
    const scene = await inRoom([person("bob")]);
    const { socket } = scene.browser;
    await socket.receive({ type: "user_joined", data: { ...at(3), participant: person("cy") } });
    await socket.receive({ type: "user_joined", data: { ...at(4), participant: person("di") } });
    expect(socket.requests("getRoom")).toHaveLength(1);
    await socket.answer("getRoom", { room: room(4, person("ann"), person("cy"), person("di")) });
    expect(names(scene.client.room)).toEqual(["ann", "cy", "di"]);
    expect(payloads(scene, "roster").at(-1)).toMatchObject({ cause: "snapshot", removed: [{ name: "bob" }] });
  });

  it("does not ask again for events that the snapshot contains", async () => {
    const { client, browser } = await inRoom();
    await browser.socket.receive({ type: "pong", v: 4 });
    await browser.socket.answer("getRoom", { room: room(4, person("ann"), person("bob")) });
    await browser.socket.receive({ type: "user_joined", data: { ...at(4), participant: person("bob") } });
    expect(names(client.room)).toEqual(["ann", "bob"]);
    expect(browser.socket.requests("getRoom")).toHaveLength(1);
  });

  it("asks again at the next pong when the reply was lost", async () => {
    const { browser } = await inRoom();
    await browser.socket.receive({ type: "pong", v: 4 });
    await browser.socket.refuse("getRoom", "internal", { retryable: true });
    await browser.socket.receive({ type: "pong", v: 4 });
    expect(browser.socket.requests("getRoom")).toHaveLength(2);
  });

  it("reports the event together with a roster that already has the change", async () => {
    const { client, browser } = await inRoom();
    const heard: unknown[] = [];
    client.on("user_joined", ({ participant }) => heard.push([participant.name, names(client.room)]));
    await browser.socket.receive({ type: "user_joined", data: { ...at(2), participant: person("bob") } });
    expect(heard).toEqual([["bob", ["ann", "bob"]]]);
  });

  it("is empty when the room was closed or the client was removed", async () => {
    const closed = await inRoom();
    await closed.browser.socket.receive({ type: "room_closed", data: { ...at(2), reason: "admin" } });
    expect(closed.client.room).toBeUndefined();
    expect(payloads(closed, "left")).toEqual([{ roomId: "daily", reason: "room_closed" }]);

    const kicked = await inRoom();
    const data = {
      ...at(2),
      userId: "ann",
      name: "ann",
      sessionId: "s-ann",
      reason: "kicked",
      count: 1,
      participants: [],
    };
    await kicked.browser.socket.receive({ type: "user_left", data });
    expect(payloads(kicked, "left")).toEqual([{ roomId: "daily", reason: "kicked" }]);
  });

  it("remembers who speaks until the room is left", async () => {
    const { client, browser } = await inRoom();
    await browser.socket.receive({ type: "active_speaker", data: { roomId: "daily", userId: "bob" } });
    expect(client.activeSpeaker).toBe("bob");
    await Promise.all([client.leave(), browser.socket.answer("leave", {})]);
    expect(client.activeSpeaker).toBeNull();
  });

  it("is not disturbed by frames that no service of this protocol sends", async () => {
    const { client, browser } = await inRoom();
    for (const text of ["", "nonsense", "null", "7", "[]", "{}", '{"id":99,"ok":true}', '{"type":"from_the_future"}']) {
      await browser.socket.receiveText(text);
    }
    expect(client.state).toBe("connected");
  });
});
