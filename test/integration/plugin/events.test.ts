import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { LastseenEvents } from "../../../src/plugin/index.js";
import { until } from "../../support/until.js";
import { application, enter, registerLastseen } from "./application.js";

const EVENTS = [
  "opened",
  "joined",
  "detached",
  "away",
  "back",
  "resumed",
  "renamed",
  "ghost_found",
  "left",
  "ended",
  "cleaned",
] as const satisfies readonly (keyof LastseenEvents)[];

type Told = { event: string; step: object };

/** An application with one user, whose events are all kept. */
async function told() {
  const { app, log, listen } = application();
  await registerLastseen(app);
  const events: Told[] = [];
  for (const event of EVENTS) app.lastseen.on(event, (step) => void events.push({ event, step }));
  const { connect } = await listen();
  return { app, log, connect, events };
}

/** Every object in a value, itself included. */
function* objectsIn(value: unknown): Generator<object> {
  if (typeof value !== "object" || value === null) return;
  yield value;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

describe("What an application is told of a session", () => {
  test("is plain data that holds no resume token, and that the application cannot change", async () => {
    const { connect, events } = await told();
    const client = await connect();
    const first = await client.request("hello", { user: { id: "ann", name: "Ann" }, tabId: "tab" });
    await client.request("join", { roomId: "daily", metadata: { seat: { row: 1 } } });
    client.reset();
    await until(() => events.some(({ event }) => event === "detached"));
    const again = await connect();
    const { sessionId, resumeToken } = first;
    const second = await again.request("hello", {
      user: { id: "ann", name: "Ann B" },
      tabId: "tab",
      resume: { sessionId, resumeToken },
    });
    again.reset();
    await until(() => events.some(({ event }) => event === "cleaned"));

    const text = JSON.stringify(events);
    for (const token of [resumeToken, second.resumeToken]) expect(text).not.toContain(token);
    expect(text.toLowerCase()).not.toContain("token");
    for (const { step } of events) {
      expect(structuredClone(step)).toEqual(step);
      for (const object of objectsIn(step)) {
        expect(Object.isFrozen(object)).toBe(true);
        expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(object));
      }
    }
    const of = (name: string) => events.find(({ event }) => event === name)?.step;
    const session = { sessionId, userId: "ann", name: "Ann", tabId: "tab", roomId: "daily", epoch: 1 };
    expect(of("joined")).toMatchObject({ roomId: "daily", session: { ...session, metadata: { seat: { row: 1 } } } });
    expect(of("resumed")).toMatchObject({ replaced: false, session: { sessionId, epoch: 2 } });
    expect(of("left")).toMatchObject({ roomId: "daily", reason: "disconnected", cause: "connection_lost" });
    expect(of("ended")).toMatchObject({ session: { sessionId, name: "Ann B" }, evidence: { socket: "closed" } });
    expect(of("cleaned")).toMatchObject({ result: "unseen", attempts: 1 });
    for (const { step } of events) expect(step).toMatchObject({ at: expect.any(Number) as number });
  });

  test("stays as it was when the session changes later", async () => {
    const { app, connect, events } = await told();
    await enter(await connect(), "ann", "daily");
    const joined = events.find(({ event }) => event === "joined")?.step;
    const before = JSON.stringify(joined);
    await app.lastseen.kick((joined as LastseenEvents["joined"]).session.sessionId);
    expect(JSON.stringify(joined)).toBe(before);
  });

  test("harms nobody when a listener throws or rejects, and the log says which event it was", async () => {
    const { app, log, connect, events } = await told();
    app.lastseen.on("joined", () => {
      throw new Error("a listener's own fault");
    });
    app.lastseen.on("joined", async () => Promise.reject(new Error("a listener's later fault")));
    // A promise of another library or realm.
    app.lastseen.on("joined", (): unknown => runInNewContext("Promise.reject(new Error('a fault elsewhere'))"));
    app.lastseen.on("joined", () => {
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- listeners may throw anything
      throw null;
    });
    await enter(await connect(), "ann", "daily");
    await enter(await connect(), "ben", "daily");
    await until(() => log.filter(({ msg }) => msg === "a listener failed").length === 8);
    const lines = log.filter(({ msg }) => msg === "a listener failed");
    expect(lines.map(({ level, event }) => [level, event])).toEqual(Array.from({ length: 8 }, () => [50, "joined"]));
    expect(JSON.stringify(lines)).toContain("a listener's later fault");
    expect(events.filter(({ event }) => event === "joined")).toHaveLength(2);
  });

  test("can be a call that rings for somebody who is not connected: a listener for it lets such calls ring", async () => {
    const { app, connect } = await told();
    const client = await connect();
    await client.request("hello", { user: { id: "ann", name: "Ann" }, tabId: "tab" });
    const call = { to: "ben", kind: "audio", ringOffline: true } as const;
    expect(await client.ask("startCall", call)).toMatchObject({ error: { code: "callee_offline" } });
    const rings: LastseenEvents["call_ringing"][] = [];
    const remove = app.lastseen.on("call_ringing", (ring) => void rings.push(ring));
    const { callId } = await client.request("startCall", call);
    await until(() => rings.length === 1);
    expect(rings).toMatchObject([{ callId, to: "ben", from: { userId: "ann", name: "Ann" }, kind: "audio" }]);
    expect((rings[0]?.expiresAt ?? 0) - Date.now()).toBeGreaterThan(20_000);
    await client.request("cancelCall", { callId });
    remove();
    expect(await client.ask("startCall", call)).toMatchObject({ error: { code: "callee_offline" } });
  });

  test("needs the name of an event that exists", () => {
    const { app } = application();
    const registered = registerLastseen(app);
    return registered.then(() => {
      const on = app.lastseen.on.bind(app.lastseen) as (event: string, listener: () => void) => () => void;
      expect(() => on("join", () => {})).toThrow(/"join" is no event; the events are opened, detached/);
    });
  });
});
