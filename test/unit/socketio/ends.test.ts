import { expect, test } from "vitest";
import { closeCodeOf } from "../../../src/socketio/ends.js";

test.each([
  ["client namespace disconnect", undefined, 1000],
  ["server namespace disconnect", undefined, 1005],
  ["transport close", 1001, 1001],
  ["transport close", 1005, 1001],
  ["transport close", 1006, 1006],
  ["transport close", 1000, 1006],
  ["transport close", undefined, 1006],
  ["ping timeout", 1005, 1006],
  ["transport error", undefined, 1006],
  ["server shutting down", undefined, 1006],
  ["a reason of a later version", undefined, 1006],
])("Socket.IO's %s, over a WebSocket that ended with %s, counts as %i", (reason, rawCode, code) => {
  expect(closeCodeOf(reason, rawCode)).toBe(code);
});
