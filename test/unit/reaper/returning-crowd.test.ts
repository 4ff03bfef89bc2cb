import { expect, test } from "vitest";
import { RecordingConnection, World } from "../../support/world.js";

const CROWD = 140;

/** A crowd whose connections all break at the same moment. */
async function brokenCrowd() {
  const world = new World();
  const opened = await Promise.all(
    Array.from({ length: CROWD }, (_, n) => world.open(`user-${n}`, `room-${Math.floor(n / 10)}`)),
  );
  // A pong has shown that each of them knew of the others.
  for (const { session, connection } of opened) {
    world.liveness.heard(session);
    world.sessions.detach(session, connection, 1006);
  }
  const resume = (n: number): string | undefined => {
    const session = opened[n]?.session;
    if (!session || session.status !== "open") return "gone";
    const { id: sessionId, identity, resumeToken } = session;
    const outcome = world.sessions.resume(
      { sessionId, resumeToken: resumeToken.text ?? "" },
      identity,
      new RecordingConnection(),
    );
    return outcome.kind === "refused" ? "refused" : undefined;
  };
  const left = () => opened.filter(({ session }) => session.status !== "open").length;
  return { world, resume, left };
}

test("while a crowd comes back, the last ones are not thrown out although their grace is over", async () => {
  const { world, resume, left } = await brokenCrowd();
  const refused: string[] = [];
  for (let n = 0; n < CROWD; n++) {
    const answer = resume(n);
    if (answer !== undefined) refused.push(`${n}: ${answer}`);
    // The last one comes after 35 s.
    await world.run(250);
  }
  expect(refused).toEqual([]);
  expect(left()).toBe(0);
});

test("when nobody of the crowd comes back any more, the others are gone in time", async () => {
  const { world, resume, left } = await brokenCrowd();
  for (let n = 0; n < CROWD / 2; n++) {
    resume(n);
    await world.run(250);
  }
  // 17 s have passed. A large part falls due at once, so the service waits 10 s once.
  await world.run(16_000);
  expect(left()).toBe(CROWD / 2);
});

test("a ghost does not stay longer than its grace and 20 s, however long the crowd takes", async () => {
  const { world, resume, left } = await brokenCrowd();
  for (let n = 0; n < 60; n++) {
    resume(n);
    await world.run(1_000);
  }
  // Those who came after 40 s were gone. The hold of 10 s is in it.
  expect(left()).toBeGreaterThan(CROWD - 60);
});
