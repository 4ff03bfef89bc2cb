import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { entryPoint, manifest, packagesBehind, ROOT } from "./entry-points.js";

const { dependencies, peerDependencies } = manifest;

describe("what the package's entry points need", () => {
  test("the client needs nothing", () => {
    expect(packagesBehind(entryPoint("./client").default, ".js")).toEqual([]);
  });

  test("the client's media needs mediasoup-client, which the page brings along", () => {
    expect(packagesBehind(entryPoint("./client/media").default, ".js")).toEqual(["mediasoup-client"]);
    expect(Object.keys(peerDependencies)).toEqual(["mediasoup-client"]);
  });

  test("the plugin needs only what is installed with the package", () => {
    expect(Object.keys(dependencies)).toEqual(
      expect.arrayContaining(packagesBehind(entryPoint("./fastify").default, ".js")),
    );
  });

  test.each(Object.keys(manifest.exports))("the types of %s lead to no package that has none itself", (name) => {
    const withTypes = ["fastify", "mediasoup", "mediasoup-client", "typebox"];
    expect(withTypes).toEqual(expect.arrayContaining(packagesBehind(entryPoint(name).types, ".d.ts")));
  });
});

test("the package is what runs, its settings and its documents", () => {
  const [{ files }] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: ROOT, encoding: "utf8" }),
  ) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  const needed = Object.values(manifest.exports).flatMap((entry) => Object.values(entry));
  expect(paths).toEqual(expect.arrayContaining(["config/default.json", "dist/main.js", "docs/sdk.md"]));
  expect(paths).toEqual(expect.arrayContaining(needed.map((path) => path.replace(/^\.\//, ""))));
  expect(paths.filter((path) => !/^(dist|config|docs)\/|^(LICENSE|README\.md|package\.json)$/.test(path))).toEqual([]);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
