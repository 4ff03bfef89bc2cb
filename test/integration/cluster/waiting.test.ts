import { expect, onTestFinished, test } from "vitest";
import { Fleet } from "../../support/fleet.js";
import { noRedisReason } from "../../support/redis-server.js";
import type { ServiceProcess } from "../../support/service-process.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

const USERS = 12;
/** So few sockets without a hello may one address have. */
const BEFORE_HELLO = 8;

interface Ticket {
  userId: string;
  sessionId: string;
  resumeToken: string;
}

const open = async (url: string): Promise<TestClient> => {
  const client = await TestClient.open(`${url.replace("http", "ws")}/ws`);
  onTestFinished(() => client.reset());
  return client;
};

const hello = (client: TestClient, { userId, ...resume }: Ticket) =>
  client.ask("hello", { user: { id: userId }, tabId: "tab", resume });

async function enter(userId: string, url: string): Promise<Ticket> {
  const { sessionId, resumeToken } = await (await open(url)).request("hello", { user: { id: userId }, tabId: "tab" });
  return { userId, sessionId, resumeToken };
}

/** Comes back until the node no longer believes that the dead one lives. @returns the answer, which may not be there yet */
async function begin(ticket: Ticket, at: ServiceProcess): Promise<{ answer: ReturnType<typeof hello> }> {
  const client = await open(at.http);
  const answer = hello(client, ticket);
  const isAnswered = await Promise.race([answer.then(() => true), pause(500).then(() => false)]);
  if (!isAnswered) return { answer };
  client.reset();
  return begin(ticket, at);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test.skipIf(noRedisReason)(
  "the hello of a client whose node has died waits for the takeover: nobody has to try again and again, and waiting sockets take no places of others",
  { timeout: 120_000 },
  async () => {
    const connections = String(4 * 2 * BEFORE_HELLO);
    const fleet = await Fleet.start(3, { MAX_CONNECTIONS: connections, RESUME_GRACE_MS: "30000" });
    const [doomed, second, third] = fleet.nodes;
    if (!doomed || !second || !third) throw new Error("three nodes were asked for");
    const tickets: Ticket[] = [];
    for (let n = 0; n < USERS; n++) tickets.push(await enter(`user-${n}`, doomed.http));
    await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:sessions")) === String(USERS));
    doomed.signal("SIGKILL");

    const [first, ...others] = tickets;
    const waiting = first ? [(await begin(first, second)).answer] : [];
    for (const ticket of others) {
      waiting.push(hello(await open(second.http), ticket));
      // The node answers after it has read the hello.
      await fleet.metric(second, "lastseen_nodes_seen");
    }
    const answers = await Promise.all(waiting);
    for (const [n, ticket] of tickets.entries()) {
      let answer = answers[n];
      if (answer && isLate(answer)) answer = await hello(await open(second.http), ticket);
      if (answer?.ok === false) {
        expect(answer.error).toMatchObject({ code: "redirect", data: { url: third.http } });
        answer = await hello(await open(third.http), ticket);
      }
      expect(answer).toMatchObject({ ok: true, data: { sessionId: ticket.sessionId, resumed: true } });
    }
    const adopted = () => [second, third].flatMap(({ log }) => log.filter(({ msg }) => msg === "session adopted"));
    await until(() => new Set(adopted().map((line) => line["sessionId"])).size === USERS);
    expect(adopted()).toHaveLength(USERS);
  },
);

test.skipIf(noRedisReason)("who does not know the token is refused at once, and learns nothing", async () => {
  const fleet = await Fleet.start(2);
  const [doomed, second] = fleet.nodes;
  if (!doomed || !second) throw new Error("two nodes were asked for");
  const ticket = await enter("ada", doomed.http);
  await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:sessions")) === "1");
  doomed.signal("SIGKILL");
  const guess = await hello(await open(second.http), { ...ticket, resumeToken: "a guess" });
  expect(guess).toMatchObject({ ok: false, error: { code: "session_gone" } });
});

/** On a busy machine the takeover may come after the nine seconds of a wait. Then one more try is enough. */
const isLate = (answer: Awaited<ReturnType<typeof hello>>): boolean => !answer.ok && answer.error.code === "overloaded";

/** Whether a socket that says nothing may stay. */
async function isLetIn(url: string): Promise<boolean> {
  const client = await open(url);
  await pause(500);
  return client.closeCode === undefined;
}

/** Ada's node has died, and her hello waits at the other one. */
async function waitingAda(env: Record<string, string> = {}) {
  const fleet = await Fleet.start(2, env);
  const [doomed, second] = fleet.nodes;
  if (!doomed || !second) throw new Error("two nodes were asked for");
  const ticket = await enter("ada", doomed.http);
  await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:sessions")) === "1");
  doomed.signal("SIGKILL");
  return { fleet, second, ticket, ...(await begin(ticket, second)) };
}

test.skipIf(noRedisReason)(
  "of two sockets that wait for one session the later one gets it: a client that has changed its network has left the other one",
  { timeout: 60_000 },
  async () => {
    const { second, ticket, answer } = await waitingAda();
    const first = await hello(await open(second.http), ticket);
    const later = isLate(first) ? await hello(await open(second.http), ticket) : first;
    expect(await answer).toMatchObject({ ok: false, error: { code: "overloaded" } });
    expect(later).toMatchObject({ ok: true, data: { sessionId: ticket.sessionId, resumed: true } });
  },
);

test.skipIf(noRedisReason)(
  "when the store says nothing meanwhile, the client is told to try again, and is not sent to the dead node",
  { timeout: 60_000 },
  async () => {
    const { fleet, answer } = await waitingAda();
    await fleet.redis.cli("CLIENT", "PAUSE", "15000", "ALL");
    expect(await answer).toMatchObject({ ok: false, error: { code: "overloaded" } });
  },
);

test.skipIf(noRedisReason)(
  "who leaves before the store says where the session is frees one place of those that have not said hello, not two",
  { timeout: 60_000 },
  async () => {
    const { fleet, second, ticket } = await waitingAda({ MAX_CONNECTIONS: String(4 * 2 * BEFORE_HELLO) });
    await open(second.http);
    await fleet.redis.cli("CLIENT", "PAUSE", "900", "ALL");
    for (let n = 0; n < BEFORE_HELLO; n++) {
      const client = await open(second.http);
      void hello(client, ticket).catch(() => undefined);
      client.close();
      await client.closed();
    }
    await pause(1_500);
    const outcomes = await Promise.all(Array.from({ length: 2 * BEFORE_HELLO }, () => isLetIn(second.http)));
    expect(outcomes.filter(Boolean).length).toBeLessThan(BEFORE_HELLO);
  },
);
