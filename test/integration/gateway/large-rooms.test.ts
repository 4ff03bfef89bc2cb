/** A room that is large for its service: deltas, pages and audience on real sockets, for the SDK and for clients without it. */
import { expect, onTestFinished, test } from "vitest";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import { sdkClient } from "../../support/node-browser.js";
import { startService, type TestService } from "../../support/service.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { until } from "../../support/until.js";

/** A list of five; a room of more than three people is large, and its snapshots have three participants. */
const SMALL_LISTS = { LARGE_ROOM: "3", MAX_LISTED: "5", RESUME_GRACE_MS: "3000", AUTH_MODE: "none" };

function enter(service: TestService, names: readonly string[]) {
  return Promise.all(names.map((name) => service.join(name, "hall")));
}

async function sdkIn(url: string, userId: string, role?: "audience"): Promise<LastseenClient> {
  const client = sdkClient({ url, user: { id: userId } });
  await client.join("hall", role ? { role } : {});
  return client;
}

/** The participants as the service has them, and as a client shows them: names and states in one text. */
function there({ app }: TestService): string {
  const room = app.rooms.find("hall");
  const people = room ? app.rooms.listedParticipants(room) : [];
  return shown(people, room?.members.size ?? 0);
}

function shown(people: readonly { userId: string; state: string }[], count: number): string {
  return `${people
    .map(({ userId, state }) => `${userId} ${state}`)
    .toSorted()
    .join(", ")} of ${count}`;
}

function seenBy({ room }: LastseenClient): string {
  return room && room.next === undefined ? shown(room.participants, room.count) : "an incomplete room";
}

test("the SDK shows the room as it is while people come, go away, leave and vanish", async () => {
  const service = await startService(SMALL_LISTS);
  const sdk = await sdkIn(service.http, "sdk");
  const clients = await enter(service, ["a", "b", "c", "d", "e", "f", "g"]);
  const [a, b, c] = clients;
  await until(() => seenBy(sdk) === there(service));
  expect(sdk.room).toMatchObject({ count: 8, audience: 3 });
  await a?.request("setMetadata", { metadata: { hand: true } });
  await b?.request("leave", {});
  c?.kill();
  await until(() => sdk.room?.participants.some(({ userId, state }) => userId === "c" && state === "away") ?? false);
  await until(() => seenBy(sdk) === there(service));
  await until(() => sdk.room?.count === 6);
  await until(() => seenBy(sdk) === there(service));
  const names = sdk.room?.participants.map(({ userId }) => userId) ?? [];
  expect(names).not.toContain("b");
  expect(names).not.toContain("c");
});

test("the SDK builds the list from pages when it comes late, and again after its network was cut", async () => {
  const service = await startService({ ...SMALL_LISTS, MAX_LISTED: "100" });
  await enter(service, ["a", "b", "c", "d", "e", "f", "g", "h"]);
  const network = await TcpProxy.start(service.port);
  onTestFinished(() => network.close());
  const sdk = await sdkIn(`http://127.0.0.1:${network.port}`, "sdk");
  await until(() => seenBy(sdk) === there(service));
  expect(sdk.room?.participants).toHaveLength(9);
  network.resetAll();
  const late = await service.join("late", "hall");
  await until(() => sdk.state !== "connected");
  await until(() => sdk.state === "connected" && seenBy(sdk) === there(service));
  expect(sdk.room?.participants.map(({ userId }) => userId)).toContain("late");
  late.close();
});

test("a client that knows only the first protocol sees the participants, and repairs its list with getRoom", async () => {
  const service = await startService(SMALL_LISTS);
  const first = await service.join("first", "hall");
  await enter(service, ["b", "c"]);
  for (const name of ["b", "c"]) await first.event("user_joined", ({ participant }) => participant.userId === name);
  await enter(service, ["d", "e"]);
  const { version } = await first.event("roster_changed", ({ count }) => count === 5);
  first.send({ type: "ping" });
  const pong = await first.frame(({ type, v }) => type === "pong" && v === version);
  const { room } = await first.request("getRoom", {});
  expect(room).toMatchObject({ version: pong.v, count: 5, next: "3" });
  expect(room.participants.map(({ userId }) => userId)).toEqual(["first", "b", "c"]);
});

test("the audience is counted for everybody, listed for operators, and sends no media", async () => {
  const service = await startService({ ...SMALL_LISTS, ADMIN_TOKEN: "a-token-of-the-operator" });
  const sdk = await sdkIn(service.http, "speaker");
  const audience = await sdkIn(service.http, "listener", "audience");
  await until(() => sdk.room?.count === 2);
  expect(sdk.room).toMatchObject({ count: 2, audience: 1 });
  expect(sdk.room?.participants.map(({ userId }) => userId)).toEqual(["speaker"]);
  expect(audience.room).toMatchObject({ count: 2, audience: 1, role: "audience" });
  expect(audience.self).toBeUndefined();

  const headers = { authorization: "Bearer a-token-of-the-operator" };
  const list = (await (await service.get("/api/rooms", { headers })).json()) as { rooms: object[] };
  expect(list.rooms).toMatchObject([{ id: "hall", participants: 2, audience: 1 }]);
  const detail = (await (await service.get("/api/rooms/hall", { headers })).json()) as object;
  const participants = [
    { userId: "speaker", role: "participant" },
    { userId: "listener", role: "audience" },
  ];
  expect(detail).toMatchObject({ audience: 1, participants });
  const metrics = await (await service.get("/metrics")).text();
  expect(metrics).toContain("lastseen_participants 2\n");
  expect(metrics).toContain("lastseen_audience 1\n");
  await expect(
    audience.request("produce", { transportId: "t", kind: "audio", rtpParameters: {} }),
  ).rejects.toMatchObject({ code: "forbidden" });
  await audience.leave();
  await until(() => sdk.room?.count === 1);
});

test("a wrong place in the list is refused", async () => {
  const service = await startService(SMALL_LISTS);
  const client = await service.join("a", "hall");
  expect(await client.ask("getParticipants", { after: "x" })).toMatchObject({ error: { code: "bad_message" } });
  expect(await client.ask("getParticipants", { limit: 201 })).toMatchObject({ error: { code: "bad_message" } });
  await client.request("leave", {});
  expect(await client.ask("getParticipants", {})).toMatchObject({ error: { code: "not_joined" } });
});
