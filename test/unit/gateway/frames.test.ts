import { expect, test } from "vitest";
import type { Writable } from "node:stream";
import * as ws from "ws";
import { Frames, PING_FRAME, textFrame } from "../../../src/gateway/frames.js";

// The part of ws that reads frames has no types.
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

/** What a client reads that gets these bytes. */
async function readByClient(bytes: Buffer): Promise<{ texts: string[]; pings: number }> {
  const receiver = new Receiver({ isServer: false });
  const texts: string[] = [];
  let pings = 0;
  receiver.on("message", (data: Buffer) => texts.push(data.toString()));
  receiver.on("ping", () => (pings += 1));
  await new Promise((resolve) => receiver.write(bytes, resolve));
  return { texts, pings };
}

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])("a client reads a text of %i bytes", async (length) => {
  const text = "x".repeat(length);
  expect(await readByClient(textFrame(text))).toEqual({ texts: [text], pings: 0 });
});

test("the length of a frame is that of its bytes, not of its characters", async () => {
  const text = "会议室 🙂 é".repeat(20);
  expect(await readByClient(Buffer.concat([textFrame(text), textFrame("next")]))).toEqual({
    texts: [text, "next"],
    pings: 0,
  });
});

test("a client reads a ping between two texts", async () => {
  const bytes = Buffer.concat([textFrame("a"), PING_FRAME, textFrame("b")]);
  expect(await readByClient(bytes)).toEqual({ texts: ["a", "b"], pings: 1 });
});

test("a pong has the version of its roster, also when rosters have other versions in between", async () => {
  const frames = new Frames();
  const versions = [undefined, 0, 7, 3, 7, 999, 1_000, 12_345, 12_346, undefined];
  const { texts } = await readByClient(Buffer.concat(versions.map((version) => frames.pong(version))));
  expect(texts).toEqual(versions.map((v) => (v === undefined ? '{"type":"pong"}' : `{"type":"pong","v":${v}}`)));
});

test("the same text in a row is one frame, and another text is another", async () => {
  const frames = new Frames();
  const first = frames.text("to all");
  expect(frames.text("to all")).toBe(first);
  const { texts } = await readByClient(Buffer.concat([first, frames.text("TO ALL"), frames.text("to all")]));
  expect(texts).toEqual(["to all", "TO ALL", "to all"]);
});
