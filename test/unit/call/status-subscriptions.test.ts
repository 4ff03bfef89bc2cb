import { expect, test } from "vitest";
import { FollowedUsers } from "../../../src/call/followed-users.js";
import { StatusSubscriptions } from "../../../src/call/status-subscriptions.js";
import { ResumeToken } from "../../../src/session/resume-token.js";
import { Session } from "../../../src/session/session.js";
import { ManualClock } from "../../support/manual-clock.js";

function scene() {
  const answers: (() => void)[] = [];
  const bus = { follow: () => Promise.resolve(), unfollow: () => Promise.resolve() };
  const followed = new FollowedUsers(bus);
  const statuses = new StatusSubscriptions({
    clock: new ManualClock(),
    followed,
    read: () => new Promise((resolve) => answers.push(() => resolve({ status: "available" }))),
    seenBy: (_session, _userId, status) => status,
  });
  const session = new Session({
    id: "s1",
    identity: { userId: "ada", name: "Ada", rooms: undefined, calls: true, expiresAt: Infinity },
    tabId: "tab",
    openedAt: 0,
    now: 0,
    mono: 0,
    epoch: 1,
    connection: undefined,
    resumeToken: ResumeToken.create(),
  });
  const answer = async () => {
    await new Promise(setImmediate);
    for (const each of answers.splice(0)) each();
    await new Promise(setImmediate);
  };
  return { followed, statuses, session, answer };
}

test("a session that asks twice before the first answer is forgotten as a whole when it ends", async () => {
  const { followed, statuses, session, answer } = scene();
  // The first connection breaks while the store is slow, and the client asks again on the next one.
  const both = [statuses.watch(session, ["bob"], () => {}), statuses.watch(session, ["eve"], () => {})];
  await answer();
  await Promise.all(both);
  expect(statuses.size).toBe(2);
  statuses.forget(session);
  expect(statuses.size).toBe(0);
  expect(followed.size).toBe(0);
});

test("two requests at the same moment cannot make a session watch more users than it may", async () => {
  const { statuses, session, answer } = scene();
  const users = (name: string) => Array.from({ length: 150 }, (_, n) => `${name}-${n}`);
  const both = Promise.allSettled(["a", "b"].map((name) => statuses.watch(session, users(name), () => {})));
  await answer();
  const outcomes = await both;
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(statuses.size).toBe(150);
});
