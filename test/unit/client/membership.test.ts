import { describe, expect, it } from "vitest";
import { settle } from "./fake-browser.js";
import { connected, connecting, greet, inRoom, joined, payloads, person, room } from "./scenes.js";

describe("join", () => {
  it("waits for the connection", async () => {
    const { browser, client } = await connecting();
    const join = client.join("daily", { metadata: { role: "host" } });
    await greet(browser);
    expect(browser.socket.requests("join")[0]?.data).toEqual({ roomId: "daily", metadata: { role: "host" } });
    await browser.socket.answer("join", joined(room(1, person("ann"))));
    await expect(join).resolves.toMatchObject({ how: "joined", transferred: false });
  });

  it("takes over the session that a transfer brings", async () => {
    const { browser, client } = await connected();
    const join = client.join("daily");
    await settle();
    const theirs = { transferred: true, sessionId: "s-old", epoch: 7, resumeToken: "theirs" };
    await browser.socket.answer("join", joined(room(4, person("ann", { sessionId: "s-old" })), theirs));
    await join;
    expect(client.session).toMatchObject({ sessionId: "s-old", epoch: 7 });
    expect(client.self?.name).toBe("ann");
    expect(browser.storage.get("lastseen")).toContain("theirs");
  });

  it("tells what the page will send, as far as the application does not say it itself", async () => {
    const told = async (options: { sources?: string[] }, isTakenBack = false) => {
      const { browser, client } = await connected();
      const takeBack = client.willPublish(() => ["mic"]);
      if (isTakenBack) takeBack();
      void client.join("daily", options);
      await settle();
      return browser.socket.requests("join")[0]?.data["sources"];
    };
    expect(await told({})).toEqual(["mic"]);
    expect(await told({ sources: ["screen"] })).toEqual(["screen"]);
    expect(await told({}, true)).toBeUndefined();
  });

  it("fails with the code of the refusal, and is not tried again", async () => {
    const scene = await connected();
    const join = scene.client.join("daily");
    await settle();
    await scene.browser.socket.refuse("join", "room_full", { retryable: true });
    await expect(join).rejects.toMatchObject({ code: "room_full", retryable: true });
    await scene.browser.timers.advance(20_000);
    expect(scene.browser.socket.requests("join")).toHaveLength(1);
    expect(payloads(scene, "left")).toEqual([]);
  });

  it("is repeated on the next connection when the connection was lost before the reply", async () => {
    const { browser, client } = await connected();
    const join = client.join("daily");
    await settle();
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true });
    await browser.socket.answer("join", joined(room(1, person("ann"))));
    await expect(join).resolves.toMatchObject({ how: "joined" });
  });

  it("changes nothing when the client is in that room", async () => {
    const { browser, client } = await inRoom();
    await expect(client.join("daily")).resolves.toMatchObject({ room: { version: 1 } });
    expect(browser.socket.requests("join")).toHaveLength(1);
  });

  it("leaves the first room when it names another one", async () => {
    const scene = await inRoom();
    const join = scene.client.join("other");
    await settle();
    await scene.browser.socket.answer("leave", {});
    await scene.browser.socket.answer("join", joined({ ...room(1, person("ann")), id: "other" }));
    await expect(join).resolves.toMatchObject({ room: { id: "other" } });
    expect(payloads(scene, "left")).toEqual([{ roomId: "daily", reason: "left" }]);
  });

  it("leaves the room again when the page left before the reply", async () => {
    const scene = await connected();
    const join = scene.client.join("daily");
    await settle();
    await scene.client.leave();
    await expect(join).rejects.toMatchObject({ code: "not_joined" });
    await scene.browser.socket.answer("join", joined(room(1, person("ann"))));
    expect(scene.browser.socket.requests("leave")).toHaveLength(1);
    expect(scene.client.room).toBeUndefined();
    expect(payloads(scene, "joined")).toEqual([]);
  });

  it("is corrected when it succeeded and its reply was lost", async () => {
    const { browser, client } = await connected();
    const first = client.join("daily");
    first.catch(() => {});
    await browser.timers.advance(10_000);
    await expect(first).rejects.toMatchObject({ code: "timeout" });
    const second = client.join("daily");
    await settle();
    await browser.socket.refuse("join", "already_joined");
    const types = browser.socket.sent.slice(-2).map((text) => (JSON.parse(text) as { type: string }).type);
    expect(types).toEqual(["leave", "join"]);
    await browser.socket.answer("join", joined(room(1, person("ann"))));
    await expect(second).resolves.toMatchObject({ how: "joined" });
  });

  it("is undone when the client gave it up, the service carried it out, and a pong shows that", async () => {
    const { browser, client } = await connected();
    client.join("daily").catch(() => {});
    await browser.timers.advance(10_000);
    await browser.socket.receive({ type: "pong", v: 3 });
    expect(browser.socket.requests("leave")).toHaveLength(1);
  });
});

describe("leave", () => {
  it("takes effect in the client at once, even if the service does not answer", async () => {
    const scene = await inRoom();
    const leave = scene.client.leave();
    expect(scene.client.room).toBeUndefined();
    expect(payloads(scene, "left")).toEqual([{ roomId: "daily", reason: "left" }]);
    await scene.browser.socket.refuse("leave", "not_joined");
    await expect(leave).resolves.toBeUndefined();
  });

  it("rejects only for reasons that the caller should know", async () => {
    const { browser, client } = await inRoom();
    const leave = client.leave();
    await browser.socket.refuse("leave", "internal");
    await expect(leave).rejects.toMatchObject({ code: "internal" });
  });
});

describe("metadata", () => {
  it("of the client itself is in the roster when the service has it, and is sent again with a rejoin", async () => {
    const { browser, client } = await inRoom();
    const set = client.setMetadata({ hand: true });
    await settle();
    await browser.socket.answer("setMetadata", {});
    await set;
    expect(client.self?.metadata).toEqual({ hand: true });
    await browser.socket.closeWith(4410);
    await browser.timers.advance(1_000);
    await greet(browser, { sessionId: "s-new" });
    expect(browser.socket.requests("join")[0]?.data).toMatchObject({ metadata: { hand: true } });
  });
});

describe("listeners", () => {
  it("can throw without disturbing the client or other listeners", async () => {
    const { browser, client } = await connected();
    const errors: unknown[] = [];
    const caught = (error: unknown) => errors.push(error);
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", caught);
    let told = false;
    client.on("joined", () => {
      throw new Error("in a listener");
    });
    client.on("joined", () => (told = true));
    const join = client.join("daily");
    await settle();
    await browser.socket.answer("join", joined(room(1, person("ann"))));
    await join;
    await new Promise(setImmediate);
    process.off("uncaughtException", caught);
    for (const listener of before) process.on("uncaughtException", listener);
    expect(told).toBe(true);
    expect(errors).toMatchObject([{ message: "in a listener" }]);
  });

  it("are not called after they were removed", async () => {
    const { browser, client } = await inRoom();
    let count = 0;
    const off = client.on("roster", () => (count += 1));
    await browser.socket.receive({
      type: "user_joined",
      data: { roomId: "daily", version: 2, participant: person("b") },
    });
    off();
    await browser.socket.receive({
      type: "user_joined",
      data: { roomId: "daily", version: 3, participant: person("c") },
    });
    expect(count).toBe(1);
  });
});
