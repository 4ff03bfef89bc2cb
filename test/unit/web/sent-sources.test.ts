import { expect, test } from "vitest";
import { SentSources } from "../../../src/web/sent-sources.js";

const sender = (sessionId: string, ...sources: string[]) => ({
  sessionId,
  producers: sources.map((source, index) => ({
    id: `${source}-${index}`,
    kind: "audio" as const,
    source,
    paused: false,
  })),
});

test("somebody begins to send, and stops", () => {
  const sent = new SentSources();
  expect(sent.changes([sender("ada")])).toEqual([]);
  expect(sent.changes([sender("ada", "mic", "camera")])).toEqual([
    { sessionId: "ada", began: ["mic", "camera"], stopped: [] },
  ]);
  expect(sent.changes([sender("ada", "camera")])).toEqual([{ sessionId: "ada", began: [], stopped: ["mic"] }]);
});

test("two producers of the same source for a moment, at a change of tabs, are no change", () => {
  const sent = new SentSources();
  sent.changes([sender("ada", "mic")]);
  expect(sent.changes([sender("ada", "mic", "mic")])).toEqual([]);
  expect(sent.changes([sender("ada", "mic")])).toEqual([]);
});

test("who comes and who goes is told by other events", () => {
  const sent = new SentSources();
  sent.changes([sender("ada", "mic")]);
  expect(sent.changes([sender("bob", "mic")])).toEqual([]);
  expect(sent.changes([sender("ada", "mic"), sender("bob", "mic")])).toEqual([]);
});
