import { afterEach, describe, expect, it, vi } from "vitest";
import { inRoom } from "./scenes.js";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** Runs the script on a page with this storage. @returns the requests that it made */
async function run(storage: Pick<Storage, "getItem">, answer = Promise.resolve(new Response())): Promise<Sent[]> {
  const sent: Sent[] = [];
  vi.stubGlobal("sessionStorage", storage);
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => (sent.push({ url, init }), answer));
  vi.resetModules();
  await import("../../../packages/client/src/early.js");
  return sent;
}

describe("the early script", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("holds the session that the client has left in the tab, at the service that has it", async () => {
    const { browser } = await inRoom();
    const stored = browser.storage.get("lastseen");
    const { ticket } = JSON.parse(stored ?? "") as { ticket: { sessionId: string; resumeToken: string } };
    const sent = await run({ getItem: (key) => (key === "lastseen" ? stored : null) });
    expect(sent.map(({ url }) => url)).toEqual(["http://service:3001/api/sessions/hold"]);
    expect(sent[0]?.init).toMatchObject({ method: "POST", keepalive: true, mode: "no-cors", credentials: "omit" });
    expect(sent[0]?.init.body).toBe(JSON.stringify(ticket));
    expect(ticket.sessionId).toBe("s-ann");
  });

  it("holds the session of each client of the page, also when one place of the storage has something else", async () => {
    const stored = (name: string): string =>
      JSON.stringify({ tabId: name, ticket: { sessionId: name, resumeToken: "r" }, url: `http://${name}:3001` });
    const places: Record<string, string> = {
      lastseen: "no JSON",
      "lastseen:2": stored("b"),
      "lastseen:8": stored("c"),
    };
    const sent = await run({ getItem: (key) => places[key] ?? null });
    expect(sent.map(({ url }) => url)).toEqual(["http://b:3001/api/sessions/hold", "http://c:3001/api/sessions/hold"]);
  });

  it("says nothing when the tab has no session, or has ended it", async () => {
    const { browser, client } = await inRoom();
    expect(await run({ getItem: () => null })).toEqual([]);
    await browser.socket.closeWith(4403);
    expect(client.state).toBe("disconnected");
    expect(await run({ getItem: (key) => browser.storage.get(key) })).toEqual([]);
  });

  it.each(["null", "[]", "7", "no JSON", '{"ticket":{}}', '{"url":"http://service:3001"}'])(
    "says nothing and throws nothing when the storage has %s",
    async (stored) => {
      expect(await run({ getItem: () => stored })).toEqual([]);
    },
  );

  it("does not disturb a page whose user forbids storage, or that cannot reach the service", async () => {
    const forbids = {
      getItem: () => {
        throw new Error("denied");
      },
    };
    expect(await run(forbids)).toEqual([]);
    const stored = '{"tabId":"t","ticket":{"sessionId":"s","resumeToken":"r"},"url":"http://service:3001"}';
    const one = { getItem: (key: string) => (key === "lastseen" ? stored : null) };
    expect(await run(one, Promise.reject(new Error("offline")))).toHaveLength(1);
  });
});
