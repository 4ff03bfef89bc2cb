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

  it("takes over the session that a transfer gives", async () => {
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

  it("that the service refuses fails with its code, and is not tried again", async () => {
    const scene = await connected();
    const join = scene.client.join("daily");
    await settle();
    await scene.browser.socket.refuse("join", "room_full", { retryable: true });
    await expect(join).rejects.toMatchObject({ code: "room_full", retryable: true });
    await scene.browser.timers.advance(20_000);
    expect(scene.browser.socket.requests("join")).toHaveLength(1);
    expect(payloads(scene, "left")).toEqual([]);
  });

  it("is repeated on the next connection when the connection is lost before the answer", async () => {
    const { browser, client } = await connected();
    const join = client.join("daily");
    await settle();
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true });
    await browser.socket.answer("join", joined(room(1, person("ann"))));
    await expect(join).resolves.toMatchObject({ how: "joined" });
  });

  it("of the present room changes nothing", async () => {
    const { browser, client } = await inRoom();
    await expect(client.join("daily")).resolves.toMatchObject({ room: { version: 1 } });
    expect(browser.socket.requests("join")).toHaveLength(1);
  });

  it("of another room leaves the first", async () => {
    const scene = await inRoom();
    const join = scene.client.join("other");
    await settle();
    await scene.browser.socket.answer("leave", {});
    await scene.browser.socket.answer("join", joined({ ...room(1, person("ann")), id: "other" }));
    await expect(join).resolves.toMatchObject({ room: { id: "other" } });
    expect(payloads(scene, "left")).toEqual([{ roomId: "daily", reason: "left" }]);
  });

  it("that is taken back before it is answered leaves the room again", async () => {
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

  it("that went through although its answer was lost is set right", async () => {
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

  it("that was given up here but went through there is undone as soon as a pong tells of it", async () => {
    const { browser, client } = await connected();
    client.join("daily").catch(() => {});
    await browser.timers.advance(10_000);
    await browser.socket.receive({ type: "pong", v: 3 });
    expect(browser.socket.requests("leave")).toHaveLength(1);
  });
});

describe("leave", () => {
  it("takes effect in the client at once, whether or not the service answers", async () => {
    const scene = await inRoom();
    const leave = scene.client.leave();
    expect(scene.client.room).toBeUndefined();
    expect(payloads(scene, "left")).toEqual([{ roomId: "daily", reason: "left" }]);
    await scene.browser.socket.refuse("leave", "not_joined");
    await expect(leave).resolves.toBeUndefined();
  });

  it("fails only with what the caller should know", async () => {
    const { browser, client } = await inRoom();
    const leave = client.leave();
    await browser.socket.refuse("leave", "internal");
    await expect(leave).rejects.toMatchObject({ code: "internal" });
  });
});

describe("metadata", () => {
  it("of oneself is in the roster when the service has it, and goes along when rejoining", async () => {
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
  it("that throw disturb neither the client nor other listeners", async () => {
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

  it("are not called any more after they were taken away", async () => {
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
