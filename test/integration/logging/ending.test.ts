import { fork } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const ENDING = fileURLToPath(new URL("ending.ts", import.meta.url));

test.each(["by itself", "at once"])("a process that ends %s has written its last lines", async (how) => {
  const child = fork(ENDING, [how], { execArgv: ["--import", "tsx"], stdio: ["ignore", "pipe", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  if (!child.stdout) throw new Error("its stdout is a pipe");
  const written = (await text(child.stdout)).trim().split("\n");
  const numbers = written.map((line) => (JSON.parse(line) as { n: number }).n);
  expect(numbers).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});
