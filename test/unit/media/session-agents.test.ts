import { expect, test } from "vitest";
import type { CloseOutcome, SessionReport } from "@lastseen/protocol/agent";
import { Emitter } from "../../../src/kernel/emitter.js";
import type { AgentOrders } from "../../../src/media/agents/agent-orders.js";
import { SessionAgents } from "../../../src/media/agents/session-agents.js";
import type { MediaEvents, MediaSight } from "../../../src/ports/media-plane.js";

function report(change: Partial<SessionReport> = {}): SessionReport {
  const base = { sessionId: "s", transportIds: ["t"], transports: 1, producers: 1, consumers: 0 };
  return { ...base, connectivity: "connected", isSilent: false, wasKnown: true, ...change };
}

const GONE = report({ transportIds: [], transports: 0, producers: 0, connectivity: "none" });
const NOTHING_LEFT: CloseOutcome = { kind: "checked", transports: [], producers: [], consumers: [] };

/** A session whose agents answer as the test says. */
function create(sight: MediaSight = { state: "seen" }) {
  const events: string[] = [];
  const orders: string[] = [];
  const answers = new Map<string, CloseOutcome | Error>();
  const emitter = new Emitter<MediaEvents>((error) => {
    throw error;
  });
  emitter.on("evidence", (event) => void events.push(event.state === "lost" ? `lost by ${event.by}` : event.state));
  emitter.on("evidence_unknown", () => void events.push("unknown"));
  emitter.on("silence", ({ isSilent }) => void events.push(isSilent ? "silent" : "not silent"));
  const agents = new SessionAgents({
    sessionId: "s",
    events: emitter,
    sight: () => sight,
    orders: {
      async close(agentId: string, { transportIds }: { transportIds?: string[] }) {
        orders.push(`${agentId}: ${transportIds?.join(" ") ?? "all"}`);
        const answer = answers.get(agentId) ?? NOTHING_LEFT;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      tellKnown: (agentId: string, [known]: { isWatched: boolean }[]) =>
        void orders.push(`${agentId}: ${known?.isWatched ? "watch" : "do not watch"}`),
    } as unknown as AgentOrders,
  });
  return { agents, events, orders, answers };
}

test("media is connected with the first agent that says so, and lost when none has it any more", () => {
  const { agents, events } = create();
  agents.reported("a", 1, report({ connectivity: "none" }));
  agents.reported("a", 1, report());
  agents.reported("b", 1, report());
  agents.reported("a", 1, report({ connectivity: "lost", lostBy: "dtls" }));
  expect(events).toEqual(["connected"]);
  agents.reported("b", 1, report({ connectivity: "lost", lostBy: "ice" }));
  expect(events).toEqual(["connected", expect.stringContaining("lost by")]);
});

test("an agent that is away makes its evidence unknown, also when it had said that media is lost", () => {
  const { agents, events } = create();
  agents.reported("a", 1, report());
  agents.agentAway("a");
  agents.reported("a", 2, report({ connectivity: "lost", lostBy: "ice" }));
  agents.agentGone("a");
  expect(events).toEqual(["connected", "unknown", "lost by ice", "unknown"]);
});

test("a report over an older connection counts no more", () => {
  const { agents, events } = create();
  agents.reported("a", 2, report());
  agents.reported("a", 1, report({ connectivity: "lost", lostBy: "ice" }));
  expect(events).toEqual(["connected"]);
});

test("a client is silent when nothing comes in any process in which it sends", () => {
  const { agents, events, orders } = create();
  agents.reported("a", 1, report({ isSilent: true }));
  expect(events).toEqual(["connected"]);
  agents.watch(true);
  agents.reported("a", 1, report({ isSilent: true }));
  agents.reported("b", 1, report());
  agents.reported("b", 1, report({ producers: 0 }));
  expect(events).toEqual(["connected", "silent", "not silent", "silent"]);
  expect(orders).toEqual(["a: watch"]);
});

test("closing names the transports that were reported, and a report that was under way brings nothing back", async () => {
  const { agents, events, orders } = create();
  agents.reported("a", 1, report());
  agents.closeAll();
  agents.reported("a", 1, report());
  expect(agents.counts()).toEqual({ transports: 0, producers: 0, consumers: 0 });
  agents.reported("a", 1, report({ transportIds: ["new"] }));
  expect(agents.counts()).toEqual({ transports: 1, producers: 1, consumers: 0 });
  expect(await agents.verify()).toEqual({ transports: [], producers: [], consumers: [] });
  expect(orders).toEqual(["a: t"]);
  expect(events).toEqual(["connected", "connected"]);
});

test("an order that an agent may not have got is given again when the agent is back", async () => {
  const { agents, orders, answers } = create();
  agents.reported("a", 1, report());
  answers.set("a", new Error("it is away"));
  agents.closeAll();
  await Promise.resolve();
  agents.agentAway("a");
  answers.delete("a");
  agents.reported("a", 2, report());
  expect(await agents.verify()).toEqual({ transports: [], producers: [], consumers: [] });
  expect(orders).toEqual(["a: t", "a: t"]);
});

test("an order that was lost on its way is given again when the agent still names the transport", async () => {
  const { agents, orders, answers } = create();
  agents.reported("a", 1, report());
  answers.set("a", new Error("no answer in time"));
  agents.closeAll();
  await new Promise(setImmediate);
  answers.delete("a");
  agents.reported("a", 1, report());
  expect(orders).toEqual(["a: t", "a: t"]);
});

test("the end of a session closes everything in every process, also what is reported later", async () => {
  const { agents, orders } = create();
  agents.reported("a", 1, report());
  const ended = agents.end();
  agents.reported("b", 1, report({ transportIds: ["late"] }));
  expect(await ended).toEqual({ transports: [], producers: [], consumers: [] });
  expect(orders).toEqual(["a: all", "b: all"]);
});

test("what a worker still holds is named, and asked for again until it is gone", async () => {
  const { agents, answers } = create();
  agents.reported("a", 1, report());
  answers.set("a", { ...NOTHING_LEFT, transports: ["t"] });
  expect(await agents.end()).toMatchObject({ transports: ["t"] });
  agents.reported("a", 1, GONE);
  expect(await agents.end()).toMatchObject({ transports: ["t"] });
  answers.set("a", NOTHING_LEFT);
  expect(await agents.end()).toMatchObject({ transports: [] });
});

test("a check rejects while an agent is away or its worker does not answer, and is unseen when it does not come back", async () => {
  const { agents, answers } = create();
  agents.reported("a", 1, report());
  answers.set("a", new Error("it is away"));
  await expect(agents.end()).rejects.toThrow();
  answers.set("a", { kind: "failed", why: "the worker does not answer" });
  await expect(agents.end()).rejects.toMatchObject({ code: "media_unavailable" });
  agents.agentGone("a");
  expect(await agents.end()).toBe("unseen");
});

test("a session without media is clean only where all media is seen", async () => {
  expect(await create().agents.end()).toEqual({ transports: [], producers: [], consumers: [] });
  expect(await create({ state: "unseen", why: "" }).agents.end()).toBe("unseen");
});
