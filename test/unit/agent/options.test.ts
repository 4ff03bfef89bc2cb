import { hostname } from "node:os";
import * as mediasoup from "mediasoup";
import { expect, test } from "vitest";
import { checkOptions, type WatchOptions } from "../../../packages/agent/src/options.js";

const RIGHT: WatchOptions = { url: "https://lastseen.example", token: "a token of the service", mediasoup };
const check = (options: object) => checkOptions({ ...RIGHT, ...options }, "/agents");

test.each([
  ["https://lastseen.example", "wss://lastseen.example/agents"],
  ["https://lastseen.example/", "wss://lastseen.example/agents"],
  ["http://127.0.0.1:3001", "ws://127.0.0.1:3001/agents"],
  ["wss://app.example/presence/", "wss://app.example/presence/agents"],
])("the address %s leads to %s", (url, address) => {
  expect(check({ url }).address).toBe(address);
});

test("an agent without a name has that of its host and its process", () => {
  expect(check({}).name).toBe(`${hostname()}-${process.pid}`);
  expect(check({ name: "media-1" }).name).toBe("media-1");
});

test.each([
  [{ url: "lastseen.example" }, "url must be"],
  [{ url: undefined }, "url must be"],
  [{ url: "file:///tmp" }, "url must be"],
  [{ token: undefined }, "token must be"],
  [{ token: "  " }, "token must be"],
  [{ token: "a\ntoken" }, "token must be"],
  [{ mediasoup: undefined }, "mediasoup must be"],
  [{ mediasoup: {} }, "mediasoup must be"],
  [{ name: "" }, "name must be"],
  [{ name: "x".repeat(201) }, "name must be"],
])("a wrong option is named: %o", (options, message) => {
  expect(() => check(options)).toThrow(message);
});

test("a refusal does not repeat the token", () => {
  expect(() => check({ token: "sécret" })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining("sécret") }),
  );
});
