import { expect, onTestFinished, test, vi } from "vitest";
import { NoSessionMedia } from "../../../src/media/no-media.js";
import { RecordingConnection, World } from "../../support/world.js";

test("a session that is heard in time stays present for ever", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  await world.run(10 * 60_000, () => {
    if (world.clock.mono() % 30_000 === 0) world.liveness.heard(session);
  });
  expect(world.log).toEqual([]);
  expect(session.status).toBe("open");
});

test("a silent session is away after 45 s, is probed, and is gone with the first sweep after 120 s", async () => {
  const world = new World();
  const { connection } = await world.open("ada", "daily");
  await world.run(44_750);
  expect(world.log).toEqual([]);
  await world.run(500);
  expect(world.steps("ada")).toEqual(["away: silent"]);
  expect(connection.types()).toContain("probe");
  await world.run(74_000);
  expect(world.registry.size).toBe(1);
  await world.run(31_000);
  expect(world.steps("ada")).toEqual(["away: silent", "left: idle", "ended: idle", "cleaned: clean"]);
  expect(connection.closedAs).toBe("expired");
  expect(world.registry.size).toBe(0);
});

test("the end of a socket is announced after a second; when its grace is over, the session leaves", async () => {
  const world = new World();
  const { session, connection } = await world.open("ada", "daily");
  const { connection: other } = await world.open("bob", "daily");
  world.sessions.detach(session, connection, 1006);
  await world.run(750);
  expect(other.types()).not.toContain("user_away");
  await world.run(500);
  expect(other.frames.at(-1)).toMatchObject({ type: "user_away", data: { userId: "ada", reason: "connection_lost" } });
  await world.run(18_500);
  expect(other.types()).not.toContain("user_left");
  await world.run(750);
  expect(other.frames.at(-1)).toMatchObject({
    type: "user_left",
    data: { userId: "ada", reason: "disconnected", participants: ["bob"] },
  });
});

test("a message after a goodbye takes the goodbye back", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  world.liveness.saidGoodbye(session);
  await world.run(500);
  world.liveness.heard(session);
  await world.run(30_000);
  expect(world.log).toEqual([]);
});

test("when media is lost, the service pings the socket and probes the page; an answer of the page keeps the session present", async () => {
  const world = new World();
  const { session, connection } = await world.open("ada", "daily");
  await world.run(1_000);
  world.liveness.mediaChanged(session, "lost");
  expect(connection.demanded).toBe(1);
  expect(connection.types()).toContain("probe");
  await world.run(250);
  world.liveness.heard(session);
  await world.run(40_000);
  expect(world.log).toEqual([]);
});

test("lost media and a page that does not answer: away after 3 s, gone after 20 s", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  await world.run(1_000);
  world.liveness.mediaChanged(session, "lost");
  await world.run(2_750);
  expect(world.log).toEqual([]);
  await world.run(500);
  expect(world.steps("ada")).toEqual(["away: page_stopped"]);
  await world.run(16_500);
  expect(world.steps("ada")).toEqual(["away: page_stopped"]);
  await world.run(500);
  expect(world.steps("ada")).toContain("left: idle");
});

test("a process that stood still for ten minutes removes nobody who goes on pinging", async () => {
  const world = new World();
  const live = await Promise.all(
    Array.from({ length: 500 }, (_, index) => world.open(`live-${index}`, `room-${index % 10}`)),
  );
  const silent = await Promise.all(
    Array.from({ length: 20 }, (_, index) => world.open(`silent-${index}`, `room-${index % 10}`)),
  );
  await world.run(5_000);
  world.clock.stall(600_000);
  // What waited in the sockets is read only after the first timer ran: the watch comes first, then the pings.
  await world.sweeper.watch();
  await world.sweeper.sweep();
  for (const { session } of live) world.liveness.heard(session);
  expect(world.log).toEqual([]);
  await world.run(150_000, () => {
    if (world.clock.mono() % 5_000 === 0) for (const { session } of live) world.liveness.heard(session);
  });
  expect(live.every(({ session }) => session.status === "open")).toBe(true);
  expect(silent.every(({ session }) => session.status === "ended")).toBe(true);
});

test("an operator's forced sweep reaps what is due and nobody else", async () => {
  const world = new World();
  const { session: ghost, connection } = await world.open("ghost", "daily");
  const { session: live } = await world.open("live", "daily");
  world.sessions.detach(ghost, connection, 1006);
  await world.clock.advance(250);
  await world.sweeper.watch();
  for (let i = 0; i < 41; i++) {
    await world.clock.advance(500);
    world.time.tick();
  }
  world.liveness.heard(live);
  const report = await world.sweeper.sweep({ force: true });
  expect(report).toMatchObject({ result: "completed", checked: 2, ghosts: 1, reaped: [ghost.id] });
  expect(live.status).toBe("open");
});

test("a session that has ended keeps its last verdict and the evidence for it, in epoch milliseconds", async () => {
  const world = new World();
  const { session, connection } = await world.open("ada", "daily");
  const openedAt = world.clock.wall();
  await world.run(5_000);
  connection.lastPongMono = world.clock.mono();
  await world.run(1_000);
  world.liveness.mediaChanged(session, "connected");
  world.liveness.mediaChanged(session, "lost", "ice");
  await world.run(1_000);
  world.sessions.detach(session, connection, 1006);
  await world.run(20_250);
  expect(world.steps("ada")).toContain("ended: disconnected");
  expect(session.verdict).toMatchObject({ state: "ghost", cause: "connection_lost" });
  expect(session.conclusion?.evidence).toEqual({
    lastSeenAt: openedAt,
    askedAt: openedAt + 6_000,
    socket: "closed",
    socketSilentAt: null,
    detachedAt: openedAt + 7_000,
    detachKind: "connection_lost",
    closeCode: 1006,
    lastPongAt: openedAt + 5_000,
    goodbyeAt: null,
    heldAt: null,
    media: "lost",
    mediaAt: openedAt + 6_000,
    mediaLostAt: openedAt + 6_000,
    mediaLostBy: "ice",
    mediaSilentAt: null,
    visibility: null,
  });
});

test("the report shows that a media worker died, but that does not count against the session", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  world.liveness.mediaChanged(session, "connected");
  world.liveness.mediaChanged(session, "lost", "dtls");
  world.liveness.mediaReset(session);
  expect(world.liveness.report(session)).toMatchObject({ media: "reset", mediaLostAt: null, mediaLostBy: null });
  world.liveness.heard(session);
  await world.run(40_000);
  expect(world.steps("ada")).toEqual([]);
});

test("the end of an earlier socket is no evidence while there is another one", async () => {
  const world = new World();
  const { session, connection } = await world.open("ada", "daily");
  world.sessions.detach(session, connection, 1006);
  const { id: sessionId } = session;
  const resumeToken = session.resumeToken.text ?? "";
  const next = new RecordingConnection();
  expect(world.sessions.resume({ sessionId, resumeToken }, session.identity, next)).toMatchObject({ kind: "resumed" });
  expect(world.liveness.report(session)).toMatchObject({ socket: "open", closeCode: null, lastPongAt: null });
  next.lastPongMono = world.clock.mono();
  expect(world.liveness.report(session).lastPongAt).toBe(world.clock.wall());
});

test("when the wall clock is moved by a day, nobody goes away and ghosts leave on time", async () => {
  for (const days of [1, -1]) {
    const world = new World();
    const { session: live } = await world.open("live", "daily");
    const { session: lost, connection } = await world.open("lost", "weekly");
    await world.run(20_000);
    world.sessions.detach(lost, connection, 1006);
    world.clock.wallOffset += days * 86_400_000;
    world.liveness.heard(live);
    await world.run(19_500);
    expect(world.steps("lost")).toEqual(["away: connection_lost"]);
    await world.run(1_000);
    expect(world.steps("lost")).toContain("left: disconnected");
    await world.run(20_000);
    expect(world.steps("live")).toEqual([]);
    expect(world.liveness.lastSeenAt(live)).toBe(world.clock.wall() - 40_500);
  }
});

test("nobody watches a session that is alone: its page is probed after 40 s", async () => {
  const world = new World();
  const { connection } = await world.open("ada", "daily");
  await world.run(39_750);
  expect(connection.types()).not.toContain("probe");
  await world.run(500);
  expect(connection.types()).toContain("probe");
});

test("a watched page that says nothing is probed after 7.5 s and away 10 s later; any message takes both back", async () => {
  const world = new World();
  const { session, connection } = await world.open("ada", "daily");
  const { session: bob } = await world.open("bob", "daily");
  const bobTalks = (): void => world.liveness.heard(bob);
  await world.run(7_250, bobTalks);
  expect(connection.types()).not.toContain("probe");
  await world.run(500, bobTalks);
  expect(connection.types().filter((type) => type === "probe")).toHaveLength(1);
  await world.run(9_500, bobTalks);
  expect(world.log).toEqual([]);
  await world.run(500, bobTalks);
  expect(world.steps("ada")).toEqual(["away: silent"]);
  world.liveness.heard(session);
  expect(world.steps("ada")).toEqual(["away: silent", "back: heard"]);
  expect(world.liveness.probes.ofPages).toEqual({ answered: 0, unanswered: 1 });
  expect(world.liveness.probes.falseAways).toBe(0);
});

test("operators are told when a session changes if nothing is heard: after 17.5 s while somebody watches, and else after 45 s", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  const inMs = () => world.liveness.untilChange(session, world.liveness.judge(session));
  expect(inMs()).toBe(45_000);
  const bob = await world.open("bob", "daily");
  const heardBob = () => world.liveness.heard(bob.session);
  expect(inMs()).toBe(17_500);
  await world.run(12_500, heardBob);
  expect(inMs()).toBe(5_000);
  await world.run(5_250, heardBob);
  expect(world.steps("ada")).toEqual(["away: silent"]);
});

test("when the last other one leaves, the session is not watched any more", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  const { session: bob } = await world.open("bob", "daily");
  expect([session.isWatched, bob.isWatched, world.service.pace.watched]).toEqual([true, true, 2]);
  await world.service.reaper.leaveRoom(bob, { reason: "left" });
  expect([session.isWatched, bob.isWatched, world.service.pace.watched]).toEqual([false, false, 0]);
});

test("a session that ends is not counted as watched any more", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  await world.open("bob", "daily");
  await world.service.reaper.end(session, { reason: "left" });
  expect(world.service.pace.watched).toBe(0);
});

test("a frozen page is away after 1 s, and not gone before the idle timeout; when it runs again it is back", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  world.liveness.heard(session);
  world.liveness.declaredVisibility(session, "frozen");
  await world.run(750);
  expect(world.log).toEqual([]);
  await world.run(500);
  expect(world.steps("ada")).toEqual(["away: page_frozen"]);
  await world.run(60_000);
  world.liveness.heard(session);
  expect(world.steps("ada")).toEqual(["away: page_frozen", "back: heard"]);
});

test("a page that freezes and runs again within one millisecond is not away", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  world.liveness.heard(session);
  world.liveness.declaredVisibility(session, "frozen");
  world.liveness.heard(session);
  world.liveness.declaredVisibility(session, "visible");
  await world.run(5_000);
  expect(world.log).toEqual([]);
});

test("a socket that is silent makes its session away at once; an answer brings it back, or it is gone after 20 s", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  world.liveness.socketSilent(session);
  expect(world.steps("ada")).toEqual(["away: connection_lost"]);
  world.liveness.socketAnswers(session);
  expect(world.steps("ada")).toEqual(["away: connection_lost", "back: heard"]);
  world.liveness.heard(session);
  world.liveness.socketSilent(session);
  await world.run(19_750);
  expect(world.steps("ada")).not.toContain("left: disconnected");
  await world.run(500);
  expect(world.steps("ada")).toContain("left: disconnected");
});

test("who is cut off before hearing that somebody came gets more time; who came knows that others are there, and gets 20 s", async () => {
  const world = new World();
  const { session: ada } = await world.open("ada", "daily");
  await world.run(1_000);
  const { session: bob } = await world.open("bob", "daily");
  await world.run(6_000);
  for (const session of [ada, bob]) world.liveness.socketSilent(session);
  await world.run(20_250);
  expect(world.steps("bob")).toContain("left: disconnected");
  expect(world.steps("ada")).toEqual(["away: connection_lost"]);
  await world.run(40_000);
  expect(world.steps("ada")).toContain("left: disconnected");
});

test("a session that is shown as away does not come back by the end of its socket", async () => {
  const world = new World();
  const { session, connection } = await world.open("ada", "daily");
  world.liveness.socketSilent(session);
  world.sessions.detach(session, connection, 1006);
  await world.run(2_000);
  expect(world.steps("ada")).toEqual(["away: connection_lost"]);
});

test("silent media makes the service ask socket and page; 3 s later the session is away", async () => {
  const world = new World();
  const { session, connection } = await world.open("ada", "daily");
  await world.run(1_000);
  world.liveness.mediaSilent(session, true);
  expect([connection.demanded, connection.types()]).toEqual([1, expect.arrayContaining(["probe"])]);
  await world.run(3_250);
  expect(world.steps("ada")).toEqual(["away: page_stopped"]);
  world.liveness.heard(session);
  await world.run(10_000);
  expect(world.steps("ada")).toEqual(["away: page_stopped", "back: heard"]);
  expect(world.liveness.probes.ofMedia).toEqual({ answered: 0, unanswered: 1 });
});

test("a session that answered everything and was away for a moment is counted as a false away", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  world.liveness.saidGoodbye(session);
  await world.run(1_250);
  world.liveness.heard(session);
  expect(world.steps("ada")).toEqual(["away: goodbye", "back: heard"]);
  expect(world.liveness.probes.falseAways).toBe(1);
});

test("somebody who is watched because of a call, and then enters its room, has new media, which is looked at", async () => {
  const world = new World();
  const looks = vi.spyOn(NoSessionMedia.prototype, "watch");
  onTestFinished(() => looks.mockRestore());
  const { known } = world.service.telephony;
  vi.spyOn(known, "snapshotOf").mockReturnValue({} as ReturnType<typeof known.snapshotOf>);
  const { session } = await world.open("ada", "the room of the call");
  expect(session.isWatched).toBe(true);
  expect(looks.mock.lastCall).toEqual([true]);
});

test("when fewer sessions are watched, the others are probed after the shorter silence at once", async () => {
  const world = new World({ probesPerSecond: 2 });
  const { session: ada, connection } = await world.open("ada", "daily");
  const others = [];
  for (let n = 0; n < 20; n++) others.push((await world.open(`user-${n}`, "daily")).session);
  world.liveness.heard(ada);
  await world.run(5_000);
  const [, ...leaving] = others;
  await Promise.all(leaving.map((session) => world.reaper.end(session, { reason: "left" })));
  await world.run(2_000);
  expect(connection.types()).not.toContain("probe");
  await world.run(1_000);
  expect(connection.types()).toContain("probe");
});
