import type { Version } from "../backend-table.js";
import type { Person } from "./person.js";
import type { ChaosNode, Stage } from "./stage.js";

interface SeenSession {
  readonly id: string;
  readonly userId: string;
  readonly nodeId: string;
  readonly roomId: string | null;
  readonly state: string;
}

/**
 * Compares everything that tells who is where: what people want and see, what each node answers, its gauges, Redis, and the
 * backend's tables.
 *
 * @returns what differs, in words
 */
export async function differences(
  { nodes, redis, table }: Stage,
  people: readonly Person[],
  isDoubtful: (last: Version) => boolean,
): Promise<string[]> {
  const pages = await Promise.all(nodes.map(sessionsAt));
  const [sessions = []] = pages;
  const wrong: string[] = [];
  for (const [index, page] of pages.entries()) {
    if (textOf(page) !== textOf(sessions)) wrong.push(`${nodes[index]?.id} and ${nodes[0]?.id} list other sessions`);
  }
  wrong.push(...people.flatMap((person) => wrongAbout(person, sessions)));
  const alive = new Set(people.filter(({ gone }) => !gone).map(({ userId }) => userId));
  for (const { userId, nodeId } of sessions) if (!alive.has(userId)) wrong.push(`a ghost of ${userId} is on ${nodeId}`);
  wrong.push(...(await Promise.all(nodes.map((node) => wrongGauges(node, sessions)))).flat());
  const counts = { sessions: sessions.length, rooms: roomsOf(sessions).size, leases: nodes.length };
  for (const name of ["sessions", "rooms", "leases"] as const) {
    const count = counts[name];
    const stored = await redis.count(name);
    if (stored !== count) wrong.push(`Redis has ${stored} ${name} instead of ${count}`);
  }
  const inRooms = sessions.flatMap(({ id, roomId }) => (roomId === null ? [] : [[id, roomId] as const]));
  wrong.push(...table.differences(new Map(inRooms), isDoubtful).map((each) => `the backend: ${each}`));
  return wrong;
}

async function sessionsAt({ process }: ChaosNode): Promise<readonly SeenSession[]> {
  const answer = await fetch(`${process.http}/api/sessions?limit=1000`);
  const { sessions, missing } = (await answer.json()) as { sessions: SeenSession[]; missing: string[] };
  if (missing.length > 0) throw new Error(`no answer from ${missing.join()}`);
  return sessions.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

function textOf(sessions: readonly SeenSession[]): string {
  return sessions.map(({ id, nodeId, roomId }) => `${id} ${nodeId} ${roomId}`).join();
}

function roomsOf(sessions: readonly SeenSession[]): ReadonlySet<string> {
  return new Set(sessions.flatMap(({ roomId }) => roomId ?? []));
}

function wrongAbout(person: Person, sessions: readonly SeenSession[]): string[] {
  const { userId, client, room, gone } = person;
  if (gone) return [];
  const own = sessions.filter((session) => session.userId === userId);
  const [session] = own;
  if (!session || own.length > 1) return [`${userId} has ${own.length} sessions`];
  if (!person.isWhereWanted) return [`${userId} (${client.state}) is in ${client.room?.id} instead of ${room}`];
  if (session.id !== client.session?.sessionId) return [`${userId} has another session than its client`];
  if ((session.roomId ?? undefined) !== room) return [`${userId} wants ${room}, but is in ${session.roomId}`];
  if (session.state !== "present") return [`${userId} is ${session.state}`];
  const seen = (client.room?.participants ?? []).map((each) => each.userId).toSorted();
  const there = room === undefined ? [] : sessions.filter(({ roomId }) => roomId === room).map((each) => each.userId);
  if (seen.join() !== there.toSorted().join()) return [`${userId} sees ${seen.join()} in ${room}, not ${there.join()}`];
  return client.calls.current ? [`${userId} is in a call`] : [];
}

async function wrongGauges({ id, process }: ChaosNode, all: readonly SeenSession[]): Promise<string[]> {
  const text = await (await fetch(`${process.http}/metrics`)).text();
  const own = all.filter(({ nodeId }) => nodeId === id);
  const expected: Readonly<Record<string, number>> = {
    'sessions{state="present"}': own.length,
    'sessions{state="away"}': 0,
    'sessions{state="ghost"}': 0,
    participants: own.filter(({ roomId }) => roomId !== null).length,
    rooms: roomsOf(own).size,
    stuck_sessions: 0,
    'calls{state="ringing"}': 0,
    'calls{state="active"}': 0,
    nodes: 1,
    nodes_seen: 4,
    redis_up: 1,
    webhook_queue_length: 0,
  };
  return Object.entries(expected).flatMap(([name, value]) => {
    const line = text.split("\n").find((each) => each.startsWith(`lastseen_${name} `));
    const shown = Number(line?.slice(line.lastIndexOf(" ") + 1));
    return shown === value ? [] : [`${id} shows ${name} ${shown} instead of ${value}`];
  });
}
