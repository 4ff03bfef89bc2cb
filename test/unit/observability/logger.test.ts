import { expect, test } from "vitest";
import { createLogger } from "../../../src/observability/logger.js";

const SECRET = "s3cret-of-somebody";

class Entry {
  readonly id = "entry";
  readonly token = SECRET;
}

class EntryWithGetter {
  readonly id = "entry";
  get resumeToken(): string {
    return SECRET;
  }
}

function linesOf(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ level: "trace", pretty: false, nodeId: "node" }, { write: (line) => lines.push(line) }));
  return lines.join("");
}

const secret = { token: SECRET, resumeToken: SECRET };

test.each<[string, object]>([
  ["the fields themselves", { id: "kept", ...secret }],
  ["an object", { session: { id: "kept", ...secret } }],
  ["one of several objects", { first: { id: "kept" }, second: { ...secret }, third: { token: SECRET } }],
  ["an object without a prototype", { session: Object.assign(Object.create(null) as object, { id: "kept" }, secret) }],
  ["an object that can't be changed", Object.freeze({ id: "kept", session: Object.freeze({ ...secret }) })],
  ["an object of a class", { id: "kept", entry: new Entry() }],
  ["an object of a class with a getter", { id: "kept", entry: new EntryWithGetter() }],
  ["a secret that is no text", { id: "kept", session: { token: { text: SECRET }, resumeToken: [SECRET] } }],
  ["an error", { id: "kept", err: Object.assign(new Error("refused"), secret) }],
  ["an error under another name", { id: "kept", error: Object.assign(new Error("refused"), secret) }],
  ["the headers of a request", { id: "kept", req: { headers: { authorization: `Bearer ${SECRET}` } } }],
])("a log line shows no token: in %s", (_what, fields) => {
  const before = JSON.stringify(fields);
  for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) {
    const line = linesOf((log) => log[level](fields, "a line"));
    expect(line).not.toContain(SECRET);
    expect(line).toContain("kept");
  }
  expect(linesOf((log) => log.child(fields).info("a line of a part"))).not.toContain(SECRET);
  const part = { part: "of a part" };
  expect(linesOf((log) => log.child(part, {}).child(fields, {}).info("a line"))).not.toContain(SECRET);
  expect(JSON.stringify(fields)).toBe(before);
});

test("an error that is logged by itself shows its message and no token", () => {
  const error = Object.assign(new Error("refused"), secret);
  const line = linesOf((log) => log.error(error));
  expect(line).not.toContain(SECRET);
  expect(JSON.parse(line)).toMatchObject({ msg: "refused", err: { message: "refused", token: "[hidden]" } });
});

test("a line without secrets is written as it is, and names the node", () => {
  const fields = { userId: "ada", session: { id: "s", at: 1, none: null }, list: [1, { a: 2 }] };
  expect(JSON.parse(linesOf((log) => log.info(fields, "a line")))).toMatchObject({
    node: "node",
    ...fields,
    msg: "a line",
  });
});

test("many logs of one process leave no more listeners than one", () => {
  const begin = (): unknown => createLogger({ level: "silent", pretty: false, nodeId: "node" });
  begin();
  const before = process.listenerCount("exit");
  for (let n = 0; n < 5; n += 1) begin();
  expect(process.listenerCount("exit")).toBe(before);
});
