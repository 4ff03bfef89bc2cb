import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Runs the linter with the project's own rules over a folder that holds just these files. */
async function lint(files: Record<string, string>): Promise<{ failed: boolean; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), "lastseen-boundaries-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return new Promise((resolve) => {
    execFile(join(ROOT, "node_modules/.bin/oxlint"), [], { cwd: folder }, (error, stdout) => {
      resolve({ failed: error !== null, output: stdout });
    });
  });
}

const using = (specifier: string) => `import * as part from "${specifier}";\n\nexport const used = part;\n`;

test.each([
  ["src/kernel/a.ts", "../session/session.js"],
  ["src/session/a.ts", "../media/media-plane.js"],
  ["src/session/a.ts", "../room/rooms.js"],
  ["src/room/a.ts", "../media/media-plane.js"],
  ["src/media/a.ts", "../room/rooms.js"],
  ["src/memory/a.ts", "../media/media-plane.js"],
  ["src/memory/a.ts", "../redis/redis-store.js"],
  ["src/redis/a.ts", "../memory/memory-store.js"],
  ["src/redis/a.ts", "../cluster/cluster.js"],
  ["src/cluster/a.ts", "../redis/redis-store.js"],
  ["src/cluster/a.ts", "../call/calls.js"],
  ["src/call/a.ts", "../cluster/cluster.js"],
  ["src/call/a.ts", "../room/rooms.js"],
  ["src/session/a.ts", "../cluster/cluster.js"],
  ["src/room/a.ts", "../call/calls.js"],
  ["src/webhook/a.ts", "../redis/redis-event-log.js"],
  ["src/webhook/a.ts", "../room/rooms.js"],
  ["src/webhook/a.ts", "pino"],
  ["src/session/a.ts", "../webhook/webhooks.js"],
  ["src/http/a.ts", "../webhook/webhooks.js"],
  ["src/http/a.ts", "../redis/redis-store.js"],
  ["src/gateway/handlers/a.ts", "../../media/media-plane.js"],
  ["src/sdk/a.ts", "../session/session.js"],
  ["src/sdk/media/a.ts", "../../session/session.js"],
  ["src/session/a.ts", "../app.js"],
  ["src/session/a.ts", "mediasoup"],
  ["src/gateway/a.ts", "mediasoup/types"],
  ["src/reaper/a.ts", "prom-client"],
  ["src/memory/a.ts", "ioredis"],
  ["src/cluster/a.ts", "ioredis"],
  ["src/redis/a.ts", "mediasoup"],
  ["src/protocol/a.ts", "node:crypto"],
  ["src/sdk/a.ts", "node:crypto"],
])("%s may not import %s", async (file, specifier) => {
  const { failed, output } = await lint({ [file]: using(specifier) });
  expect(output).toContain("no-restricted-imports");
  expect(failed).toBe(true);
});

test("imports in the order of the data are allowed", async () => {
  const { failed, output } = await lint({
    "src/session/a.ts": using("../kernel/clock.js"),
    "src/reaper/a.ts": using("../session/session.js"),
    "src/media/a.ts": using("mediasoup"),
    "src/redis/a.ts": using("ioredis"),
    "src/redis/b.ts": using("../session/directory.js"),
    "src/cluster/a.ts": using("../session/bus.js"),
    "src/gateway/handlers/a.ts": using("../../session/session.js"),
    "src/gateway/handlers/b.ts": using("../../call/calls.js"),
    "src/webhook/a.ts": using("../session/event-log.js"),
    "src/observability/a.ts": using("../cluster/events.js"),
    "src/observability/b.ts": using("../webhook/events.js"),
    "src/app.ts": using("./media/media-plane.js"),
  });
  expect(output).not.toContain("no-restricted-imports");
  expect(failed).toBe(false);
});

test("a cycle is found", async () => {
  const { output } = await lint({
    "src/kernel/a.ts": 'import { b } from "./b.js";\n\nexport const a = () => b;\n',
    "src/kernel/b.ts": 'import { a } from "./a.js";\n\nexport const b = () => a;\n',
  });
  expect(output).toContain("no-cycle");
});
