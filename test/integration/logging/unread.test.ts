import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const TALKATIVE = fileURLToPath(new URL("talkative.ts", import.meta.url));

test("a service whose log nobody reads goes on, drops what is too much, and says how many lines are missing", async () => {
  const child = fork(TALKATIVE, { execArgv: ["--import", "tsx"], stdio: ["ignore", "pipe", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  // Nothing reads stdout until the process has logged everything.
  const [{ logged }] = (await once(child, "message")) as [{ logged: number }];
  if (!child.stdout) throw new Error("its stdout is a pipe");
  const lines: { msg: string; lines?: number }[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => {
    const entry = JSON.parse(line) as { msg: string; lines?: number };
    lines.push(entry);
    if (entry.lines !== undefined) child.send("end");
  });
  await Promise.all([once(child, "exit"), once(reader, "close")]);
  const written = lines.filter(({ msg }) => msg === "a line").length;
  const dropped = lines.find((line) => line.lines !== undefined);
  expect(dropped).toMatchObject({ msg: "log lines were dropped, because nobody read them", lines: logged - written });
  expect(written).toBeGreaterThan(10_000);
  expect(lines.at(-1)?.msg).toBe("the end");
});
