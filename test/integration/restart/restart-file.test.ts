/** What is on the disk after a start or a stop that went wrong. */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { KEPT_FORMAT, type KeptState } from "../../../src/restart/kept-state.js";
import { RestartFile } from "../../../src/restart/restart-file.js";

const STATE: KeptState = { format: KEPT_FORMAT, keptAt: 0, sessions: [], calls: [], blocks: [] };

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), "lastseen-restart-file-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "sessions.json");
  const left: string[] = [];
  const file = new RestartFile(path, (leftPath) => left.push(leftPath));
  return { folder, path, file, left };
}

test("what a killed start had taken is removed by the next one, and not read again", async () => {
  const { folder, path, file, left } = await setUp();
  await file.write(STATE);
  await rename(path, `${path}.taken`);
  expect(await file.take()).toBe("nothing");
  expect(await readdir(folder)).toEqual([]);
  expect(left).toEqual([]);
});

test("what a process had written when it was killed is removed by the next start, whether or not there is a whole state", async () => {
  const { folder, path, file, left } = await setUp();
  await writeFile(`${path}.new`, '{"format":');
  expect(await file.take()).toBe("nothing");
  expect(await readdir(folder)).toEqual([]);

  await file.write(STATE);
  await writeFile(`${path}.new`, '{"format":');
  expect(await file.take()).toEqual(STATE);
  expect(await readdir(folder)).toEqual([]);
  expect(left).toEqual([]);
});

test("a folder of this name is an error that says so, and stays where it is", async () => {
  const { folder, path, file } = await setUp();
  await mkdir(path);
  await writeFile(join(path, "something"), "of somebody else");
  await expect(file.take()).rejects.toThrow(`${path} is a folder`);
  await expect(file.write(STATE)).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["sessions.json"]);
  expect(await readdir(path)).toEqual(["something"]);
});

test("what can't be removed is told, and does not keep the node from starting", async () => {
  const { path, file, left } = await setUp();
  await mkdir(`${path}.taken`);
  expect(await file.take()).toBe("nothing");
  expect(left).toEqual([`${path}.taken`]);
});
