import { expect, test } from "vitest";
import type { EventData, RoomRole } from "@lastseen/protocol";
import type { Rooms } from "../../../src/room/rooms.js";
import type { Session } from "../../../src/session/session.js";
import { RecordingConnection, World } from "../../support/world.js";

/** The members of a large room of this size are told of its changes within this time, milliseconds. */
const TOLD_MS = 100;

type Batch = EventData<"roster_changed">;

/** A room on a node where a room of more than three people is large, and a list has at most `maxListed` of them. */
class Hall {
  readonly world: World;
  readonly people = new Map<string, { session: Session; connection: RecordingConnection }>();

  constructor(maxListed = 100) {
    this.world = new World({ limits: { largeRoom: 3, maxListed } });
  }

  get rooms(): Rooms {
    return this.world.service.rooms;
  }

  async join(name: string, options: { wants?: RoomRole; token?: RoomRole } = {}): Promise<void> {
    const connection = new RecordingConnection();
    const identity = {
      userId: name,
      name,
      rooms: undefined,
      calls: true,
      roomRole: options.token,
      expiresAt: Infinity,
    };
    const session = this.world.service.sessions.open(identity, `tab-${name}`, connection);
    this.people.set(name, { session, connection });
    const request = { session, connection, roomId: "hall", metadata: undefined, onDuplicate: undefined };
    await this.world.service.admission.admit({ ...request, role: options.wants }, () => {});
  }

  async joinAll(...names: string[]): Promise<void> {
    for (const name of names) await this.join(name);
  }

  async leave(name: string): Promise<void> {
    await this.world.service.reaper.leaveRoom(this.session(name), { reason: "left" });
  }

  session(name: string): Session {
    const found = this.people.get(name)?.session;
    if (!found) throw new Error(`${name} has not joined`);
    return found;
  }

  /** What a member has been told so far, by type. */
  told(name: string): string[] {
    return (this.people.get(name)?.connection.types() ?? []).map(String);
  }

  batches(name: string): Batch[] {
    const frames = this.people.get(name)?.connection.frames ?? [];
    return frames.filter(({ type }) => type === "roster_changed").map(({ data }) => data as unknown as Batch);
  }

  /** Names of the participants whom the others see. */
  get listed(): string[] {
    const room = this.rooms.find("hall");
    return room ? this.rooms.listedParticipants(room).map(({ userId }) => userId) : [];
  }
}

test("a large room is told of all changes of a moment in one message, and a small one of each", async () => {
  const hall = new Hall();
  await hall.joinAll("a", "b", "c");
  expect(hall.told("a")).toEqual(["user_joined", "user_joined"]);
  await hall.joinAll("d", "e", "f");
  await hall.leave("e");
  await hall.world.clock.advance(TOLD_MS);
  expect(hall.told("a")).toEqual(["user_joined", "user_joined", "roster_changed"]);
  const [batch] = hall.batches("a");
  expect(batch).toMatchObject({ roomId: "hall", version: 4, count: 5, audience: 0 });
  expect(batch?.joined?.map(({ userId }) => userId)).toEqual(["d", "f"]);
  expect(batch?.left).toEqual([{ reason: "left", sessionIds: [hall.session("e").id] }]);
});

test("what waits is told before the first event of the room that has become small", async () => {
  const hall = new Hall();
  await hall.joinAll("a", "b", "c", "d");
  await hall.leave("b");
  expect(hall.told("a").slice(2)).toEqual(["roster_changed", "user_left"]);
  await hall.world.clock.advance(TOLD_MS);
  expect(hall.told("a")).toHaveLength(4);
});

test("somebody who was away and is back before the others are told costs one word, and metadata is told once", async () => {
  const hall = new Hall();
  await hall.joinAll("a", "b", "c", "d");
  await hall.world.clock.advance(TOLD_MS);
  const b = hall.session("b");
  b.shown = "away";
  hall.rooms.showAway(b, "silent");
  b.metadata = { hand: 1 };
  hall.rooms.announceMetadata(b);
  b.metadata = { hand: 2 };
  hall.rooms.announceMetadata(b);
  await hall.world.clock.advance(TOLD_MS);
  expect(hall.batches("a").at(-1)).toMatchObject({
    away: [b.id],
    changed: [{ sessionId: b.id, metadata: { hand: 2 } }],
  });
});

test("the audience is counted and in no list, and nobody is told of one of them", async () => {
  const hall = new Hall();
  await hall.joinAll("a", "b");
  await hall.join("x", { wants: "audience" });
  await hall.join("y", { token: "audience" });
  await hall.join("z", { token: "audience", wants: "participant" });
  await hall.world.clock.advance(TOLD_MS);
  expect(hall.listed).toEqual(["a", "b"]);
  expect(hall.told("a")).toEqual(["user_joined", "roster_changed"]);
  expect(hall.batches("a")).toEqual([{ roomId: "hall", version: 3, count: 5, audience: 3 }]);
  const x = hall.session("x");
  expect(hall.rooms.snapshot(x)).toMatchObject({ count: 5, audience: 3, role: "audience" });
  x.shown = "away";
  hall.rooms.showAway(x, "silent");
  await hall.leave("x");
  await hall.world.clock.advance(TOLD_MS);
  expect(hall.batches("a").slice(1)).toEqual([{ roomId: "hall", version: 4, count: 4, audience: 2 }]);
  expect(hall.rooms.audienceCount).toBe(2);
});

test("nobody sees the audience, so it is not asked often for a sign of life", async () => {
  const hall = new Hall();
  await hall.joinAll("a", "b");
  await hall.join("x", { wants: "audience" });
  expect([hall.session("a").isWatched, hall.session("x").isWatched]).toEqual([true, false]);
});

test("who comes when the list is full is audience, unless the token says participant", async () => {
  const hall = new Hall(2);
  await hall.joinAll("a", "b", "c");
  await hall.join("speaker", { token: "participant" });
  expect(hall.listed).toEqual(["a", "b", "speaker"]);
});

test("who sends media comes into the list, and is watched from then on", async () => {
  const hall = new Hall(2);
  await hall.joinAll("a", "b", "c", "d");
  await hall.world.clock.advance(TOLD_MS);
  hall.rooms.list("hall", hall.session("d").id);
  await hall.world.clock.advance(TOLD_MS);
  expect(hall.listed).toEqual(["a", "b", "d"]);
  expect(
    hall
      .batches("a")
      .at(-1)
      ?.joined?.map(({ userId }) => userId),
  ).toEqual(["d"]);
  expect(hall.session("d").isWatched).toBe(true);
});

test("when participants leave, the longest audience comes into the list; who chose to be audience stays it", async () => {
  const hall = new Hall(8);
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  await hall.joinAll(...names);
  await hall.join("shy", { wants: "audience" });
  await hall.joinAll("i", "j", "k");
  for (const name of names.slice(0, 5)) await hall.leave(name);
  // 7 people are more than 80 % of a list of 8.
  expect(hall.listed).toEqual(["f", "g", "h"]);
  await hall.leave("f");
  expect(hall.listed).toEqual(["g", "h", "i", "j", "k"]);
  expect(hall.rooms.audienceCount).toBe(1);
});

test("the list of a large room comes in pages, which miss nobody who stays", async () => {
  const hall = new Hall();
  await hall.joinAll("a", "b", "c", "d", "e", "f", "g");
  const b = hall.session("b");
  const first = hall.rooms.snapshot(b);
  expect(first.participants.map(({ userId }) => userId)).toEqual(["a", "b", "c"]);
  expect(first.count).toBe(7);
  await hall.leave("c");
  const second = hall.rooms.page(b, { after: first.next ?? "", limit: 2 });
  expect(second.participants.map(({ userId }) => userId)).toEqual(["d", "e"]);
  await hall.leave("e");
  await hall.join("h");
  const third = hall.rooms.page(b, { after: second.next ?? "" });
  expect(third.participants.map(({ userId }) => userId)).toEqual(["f", "g", "h"]);
  expect(third.next).toBeUndefined();
});

test("the directory keeps who chose to be audience, so that the next node does too", async () => {
  const hall = new Hall();
  await hall.joinAll("a");
  await hall.join("x", { wants: "audience" });
  await hall.world.clock.advance(0);
  const entry = await hall.world.directory.findSession(hall.session("x").id);
  expect(entry?.chosenRole).toBe("audience");
});

test("an empty room leaves no timer", async () => {
  const hall = new Hall();
  await hall.join("a");
  await hall.join("x", { wants: "audience" });
  for (const name of ["x", "a"]) await hall.leave(name);
  expect(hall.rooms.size).toBe(0);
  await hall.world.clock.advance(10_000);
  expect(hall.batches("a")).toEqual([]);
});

test("when everybody of many large rooms comes and goes, each room is told of more changes at a time", async () => {
  const world = new World({ limits: { largeRoom: 3 } });
  const [rooms, people] = [80, 100];
  const connections: RecordingConnection[] = [];
  const first: Session[] = [];
  for (let room = 0; room < rooms; room += 1) {
    for (let n = 0; n < people; n += 1) {
      const { session, connection } = await world.open(`user-${room}-${n}`, `room-${room}`);
      connections.push(connection);
      if (n === 0) first.push(session);
    }
  }
  await world.clock.advance(5_000);
  for (const connection of connections) connection.frames.length = 0;
  for (let ms = 0; ms < 4_000; ms += 50) {
    for (const session of first) {
      session.metadata = { ms };
      world.rooms.announceMetadata(session);
    }
    await world.clock.advance(50);
  }
  // A message to each of them after every 100 ms would be 320,000, and one after each second 32,000.
  const told = connections.reduce((sum, { frames }) => sum + frames.length, 0);
  expect(told).toBeGreaterThan(8_000);
  expect(told).toBeLessThan(26_000);
  await world.clock.advance(4_000);
  const last = () => JSON.stringify(connections.at(-1)?.frames.at(-1));
  expect(last()).toContain('"ms":3950');
  // When that is over, the waits are short again.
  const [session] = first.slice(-1);
  if (!session) throw new Error("rooms were made");
  session.metadata = { ms: "later" };
  world.rooms.announceMetadata(session);
  await world.clock.advance(TOLD_MS);
  expect(last()).toContain('"ms":"later"');
});

test("while many people of large rooms are on their way back, the others hear of them more seldom", async () => {
  const world = new World({ limits: { largeRoom: 3 } });
  const [rooms, people] = [40, 100];
  const connections: RecordingConnection[] = [];
  const absent: Session[] = [];
  for (let room = 0; room < rooms; room += 1) {
    for (let n = 0; n < people; n += 1) {
      const { session, connection } = await world.open(`user-${room}-${n}`, `room-${room}`);
      if (n < people / 2) connections.push(connection);
      else absent.push(session);
    }
  }
  for (const session of absent) session.connection = undefined;
  const told = async (): Promise<number> => {
    await world.clock.advance(6_000);
    for (const connection of connections) connection.frames.length = 0;
    for (let ms = 0; ms < 6_000; ms += 50) {
      for (const session of absent) {
        session.metadata = { ms };
        world.rooms.announceMetadata(session);
      }
      await world.clock.advance(50);
    }
    await world.clock.advance(6_000);
    expect(JSON.stringify(connections.at(-1)?.frames.at(-1))).toContain('"ms":5950');
    return connections.reduce((sum, { frames }) => sum + frames.length, 0);
  };
  const whileAwaited = await told();
  // All of them can be told within the usual time when nobody is missing.
  for (const [n, session] of absent.entries()) session.connection = connections[n];
  expect(whileAwaited).toBeLessThan((await told()) / 2);
});
