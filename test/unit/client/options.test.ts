import { describe, expect, it } from "vitest";
import { connect } from "../../../packages/client/src/client.js";
import type { ConnectOptions } from "../../../packages/client/src/options.js";
import type { JsonObject } from "@lastseen/protocol";
import { FakeBrowser, settle } from "./fake-browser.js";
import { connected, connecting, inRoom } from "./scenes.js";

describe("connect() tells a wrong option at once", () => {
  const url = "https://calls.example";

  it.each([
    ["url", { url: "calls.example" }],
    ["url", { url: "localhost:3001" }],
    ["url", { url: "ftp://calls.example" }],
    ["url", { url: "https://" }],
    ["url", { url: "/calls" }],
    ["url", { url: "" }],
    ["url", {}],
    ["url", { url: new URL(url) }],
    ["getToken", { url, getToken: "eyJ" }],
    ["user", { url, user: "ada" }],
    ["user.id", { url, user: { id: 7 } }],
    ["user.id", { url, user: { name: "Ada" } }],
    ["user.id", { url, user: { id: " ada" } }],
    ["tabId", { url, tabId: 7 }],
    ["reconnectPolicy", { url, reconnectPolicy: 5_000 }],
  ])("%s in %j", (field, options) => {
    const attempt = () => connect(options as ConnectOptions);
    expect(attempt).toThrow(expect.objectContaining({ code: "bad_message", retryable: false }));
    expect(attempt).toThrow(new RegExp(`^${field} must .+\\.$`));
  });

  it.each([
    ["http://service:3001", "ws://service:3001/ws"],
    ["HTTPS://calls.example/", "wss://calls.example/ws"],
    ["wss://calls.example/presence/ws", "wss://calls.example/presence/ws"],
    ["http://[::1]:3001", "ws://[::1]:3001/ws"],
  ])("but takes %s", async (given, used) => {
    const { browser } = await connecting({ url: given });
    expect(browser.socket.url).toBe(used);
  });

  it("takes ids with spaces and other characters, which the service checks", async () => {
    const { browser } = await connecting({ user: { id: "Ada Lovelace|会议室" } });
    await browser.socket.open();
    expect(browser.socket.requests("hello")[0]?.data).toMatchObject({ user: { id: "Ada Lovelace|会议室" } });
  });

  it("logs the names of options that do not exist", () => {
    const lines: string[] = [];
    const { environment } = new FakeBrowser();
    connect({ url, environment, log: (line) => lines.push(line), token: "eyJ" } as ConnectOptions);
    expect(lines).toEqual(['Lastseen: connect() has no option "token".']);
  });
});

describe("join() and setMetadata() tell wrong values at once, without a connection", () => {
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;

  it.each([
    ["", "roomId must not be empty, nor begin or end with white space."],
    [7, "roomId must be text, not number."],
    [undefined, "roomId must be text, not undefined."],
  ])("room %j", async (roomId, message) => {
    const { client } = await connecting();
    await expect(client.join(roomId as string)).rejects.toMatchObject({ code: "bad_message", message });
  });

  it.each([
    [loop, "metadata must be an object that JSON can carry."],
    [{ big: 1n }, "metadata must be an object that JSON can carry."],
    ["text", "metadata must be an object that JSON can carry."],
    [[1], "metadata must be an object that JSON can carry."],
    [null, "metadata must be an object that JSON can carry."],
    [{ note: "é".repeat(2_048) }, "metadata has 4107 bytes as JSON; at most 4096 are allowed."],
  ])("metadata", async (metadata, message) => {
    const refusal = { code: "bad_message", message, retryable: false };
    const { client } = await connecting();
    await expect(client.join("daily", { metadata: metadata as JsonObject })).rejects.toMatchObject(refusal);
    await expect(client.setMetadata(metadata as JsonObject)).rejects.toMatchObject(refusal);
  });

  it("a wrong room does not make the client leave the room that it is in", async () => {
    const { client } = await inRoom();
    await expect(client.join("")).rejects.toMatchObject({ code: "bad_message" });
    expect(client.room?.id).toBe("daily");
  });
});

describe("getToken", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("no network");
      },
      "getToken failed: no network.",
    ],
    ["rejects", () => Promise.reject(new Error("HTTP 500")), "getToken failed: HTTP 500."],
    [
      "returns nothing",
      () => undefined as unknown as string,
      "getToken failed: it returned undefined in place of a token.",
    ],
    ["returns an object", () => ({}) as string, "getToken failed: it returned object in place of a token."],
    ["returns an empty text", () => "", "getToken failed: it returned an empty token."],
  ])("that %s is told with the first retry, and logged once", async (_what, getToken, message) => {
    const lines: string[] = [];
    const { seen, browser } = await connecting({ getToken, log: (line) => lines.push(line) });
    await settle();
    await browser.timers.advance(10_000);
    expect(seen).toContainEqual(["retry", expect.objectContaining({ attempt: 0, kind: "refused", message })]);
    expect(lines).toEqual([`Lastseen: ${message}`]);
    expect(browser.sockets).toHaveLength(0);
  });
});

it("a request without a connection says what is wrong with the connection", async () => {
  const { client, browser } = await connected();
  await browser.socket.closeWith(1012);
  await expect(client.calls.start("bob", "audio")).rejects.toMatchObject({
    code: "disconnected",
    retryable: true,
    message: "There is no connection for startCall. The connection ended: server_restart.",
  });
});
