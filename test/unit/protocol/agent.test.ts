import { expect, test } from "vitest";
import { AGENT_LIMITS, inFrames, readAgentMessage, readAgentOrder } from "@lastseen/protocol/agent";

const REPORT = {
  sessionId: "s",
  transportIds: ["t"],
  transports: 1,
  producers: 0,
  consumers: 0,
  connectivity: "connected",
  isSilent: false,
  wasKnown: true,
};

test("a frame of an agent is read, and fields that nobody knows are let through", () => {
  const frame = { type: "sessions", sessions: [{ ...REPORT, later: 1 }], more: true };
  expect(readAgentMessage(JSON.stringify(frame))).toMatchObject({ type: "sessions", sessions: [REPORT] });
});

test.each([
  ["no JSON", "{"],
  ["a list", "[]"],
  ["an unknown type", '{"type":"later"}'],
  ["a number that is text", JSON.stringify({ type: "sessions", sessions: [{ ...REPORT, transports: "1" }] })],
  [
    "too many transports",
    JSON.stringify({ type: "sessions", sessions: [{ ...REPORT, transportIds: Array(65).fill("t") }] }),
  ],
  [
    "an id that is too long",
    JSON.stringify({ type: "sessions", sessions: [{ ...REPORT, sessionId: "s".repeat(129) }] }),
  ],
  ["half of a character", '{"type":"sessions","sessions":[{"sessionId":"\\ud800"}]}'],
])("%s is no frame of an agent", (_what, text) => {
  expect(readAgentMessage(text)).toBeUndefined();
});

test("an order of the service is read, and one that this version does not know is not", () => {
  const order = { type: "close", orderId: "o", sessionId: "s" };
  expect(readAgentOrder(JSON.stringify(order))).toEqual(order);
  expect(readAgentOrder('{"type":"dance"}')).toBeUndefined();
});

test("a long list is split so that each part fits into a frame, whatever its characters", () => {
  const items = Array.from({ length: 3_000 }, (_, index) => ({ id: index, text: "会".repeat(50) }));
  const frames = inFrames(items);
  expect(frames.flat()).toEqual(items);
  for (const frame of frames)
    expect(Buffer.byteLength(JSON.stringify(frame))).toBeLessThan(AGENT_LIMITS.frameBytes - 200);
  expect(inFrames([])).toEqual([]);
});
