import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { boundaries } from "../../../scripts/boundaries/allow-list.js";
import { findProblems } from "../../../scripts/boundaries/check.js";
import { readImportGraph, type ImportGraph } from "../../../scripts/boundaries/import-graph.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Each file imports what its folder may not import. */
const FORBIDDEN = [
  ["src/kernel/f1.ts", "../plugin/target.js"],
  ["src/kernel/f2.ts", "../ports/target.js"],
  ["src/kernel/f3.ts", "typebox"],
  ["src/ports/f1.ts", "../session/target.js"],
  ["src/config/f1.ts", "../kernel/target.js"],
  ["src/session/f1.ts", "../composition/target.js"],
  ["src/session/f2.ts", "../memory/target.js"],
  ["src/session/f3.ts", "../redis/target.js"],
  ["src/session/f4.ts", "../room/target.js"],
  ["src/session/f5.ts", "node:fs"],
  ["src/session/f6.ts", "mediasoup"],
  ["src/session/f7.ts", "a-library-that-nobody-listed"],
  ["src/session/f8.ts", "../main.js"],
  ["src/reaper/f1.ts", "../media/target.js"],
  ["src/reaper/f2.ts", "prom-client"],
  ["src/room/f1.ts", "../call/target.js"],
  ["src/call/f1.ts", "../room/target.js"],
  ["src/call/f2.ts", "../cluster/target.js"],
  ["src/cluster/f1.ts", "../redis/target.js"],
  ["src/cluster/f2.ts", "ioredis"],
  ["src/webhook/f1.ts", "../room/target.js"],
  ["src/webhook/f2.ts", "pino"],
  ["src/media/f1.ts", "../session/target.js"],
  ["src/media/workers/f2.ts", "../../room/target.js"],
  ["src/memory/f1.ts", "../redis/target.js"],
  ["src/memory/f2.ts", "../session/target.js"],
  ["src/memory/f3.ts", "node:fs"],
  ["src/redis/f1.ts", "../memory/target.js"],
  ["src/redis/f2.ts", "../session/target.js"],
  ["src/redis/f3.ts", "mediasoup"],
  ["src/gateway/handlers/f1.ts", "../../media/target.js"],
  ["src/gateway/f2.ts", "mediasoup/types"],
  ["src/observability/f1.ts", "../http/target.js"],
  ["src/admin/f1.ts", "../http/target.js"],
  ["src/http/f1.ts", "../redis/target.js"],
  ["src/http/f2.ts", "../webhook/target.js"],
  ["src/http/f3.ts", "ws"],
  ["src/composition/f1.ts", "../plugin/target.js"],
  ["src/plugin/f1.ts", "mediasoup"],
  ["src/web/f1.ts", "../session/target.js"],
  ["src/web/ops/f2.ts", "../../kernel/target.js"],
  ["src/web/f3.ts", "node:crypto"],
  ["packages/protocol/src/f1.ts", "node:crypto"],
  ["packages/protocol/src/f2.ts", "@lastseen/client"],
  ["packages/protocol/src/f3.ts", "../../../src/kernel/target.js"],
  ["packages/server/src/f1.ts", "../../../src/kernel/target.js"],
  ["packages/server/src/f2.ts", "ioredis"],
  ["packages/client/src/f1.ts", "../../../src/composition/target.js"],
  ["packages/client/src/f2.ts", "node:crypto"],
  ["packages/client/src/f3.ts", "mediasoup-client"],
  ["packages/client/src/f4.ts", "./media/target.js"],
  ["packages/client/src/f5.ts", "../../protocol/src/target.js"],
  ["packages/client/src/devices/f6.ts", "mediasoup-client"],
  ["packages/agent/src/f1.ts", "../../../src/session/target.js"],
  ["packages/react/src/f1.ts", "mediasoup-client"],
  ["packages/react/src/f2.ts", "react-dom"],
  ["src/room/f2.ts", "./no-such-file.js"],
] as const;

const ALLOWED = [
  ["src/ports/a1.ts", "../kernel/target.js"],
  ["src/ports/a2.ts", "@lastseen/protocol"],
  ["src/config/a1.ts", "node:fs"],
  ["src/session/a1.ts", "../ports/target.js"],
  ["src/session/a2.ts", "@lastseen/protocol/limits"],
  ["src/session/a3.ts", "node:crypto"],
  ["src/session/a4.ts", "./target.js"],
  ["src/reaper/a1.ts", "../session/target.js"],
  ["src/media/a1.ts", "mediasoup"],
  ["src/media/rtp/a2.ts", "../workers/target.js"],
  ["src/memory/a1.ts", "../ports/target.js"],
  ["src/redis/a1.ts", "ioredis"],
  ["src/redis/a2.ts", "typebox/compile"],
  ["src/gateway/a1.ts", "ws"],
  ["src/gateway/handlers/a2.ts", "../../call/target.js"],
  ["src/observability/a1.ts", "prom-client"],
  ["src/http/a1.ts", "../admin/target.js"],
  ["src/composition/a1.ts", "../redis/target.js"],
  ["src/plugin/a1.ts", "../composition/target.js"],
  ["src/plugin/a2.ts", "mediasoup/types"],
  ["src/web/a1.ts", "@lastseen/client/media"],
  ["src/main.ts", "./composition/target.js"],
  ["packages/client/src/a1.ts", "@lastseen/protocol"],
  ["packages/client/src/media/a2.ts", "mediasoup-client/types"],
  ["packages/client/src/devices/a3.ts", "../media/target.js"],
  ["packages/agent/src/a1.ts", "../../../src/media/workers/target.js"],
  ["packages/react/src/a1.ts", "@lastseen/client/devices"],
  ["packages/react/src/a2.ts", "react"],
] as const;

const FOLDERS = [
  ...Object.keys(boundaries.allowed).filter((key) => key.startsWith("src/") && !key.endsWith(".ts")),
  "src/media/workers",
  "packages/protocol/src",
  "packages/client/src",
  "packages/client/src/media",
  "packages/client/src/devices",
];

const using = (specifier: string): string => `import type * as Part from "${specifier}";\nexport type Used = Part;\n`;

/** A project of these files, read as the real one is. */
async function read(files: Record<string, string>): Promise<ImportGraph> {
  const root = await mkdtemp(join(tmpdir(), "lastseen-boundaries-"));
  try {
    await Promise.all(["src", "packages"].map((folder) => mkdir(join(root, folder))));
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    return await readImportGraph(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

describe("a project with every kind of import", () => {
  let problems: string[] = [];

  beforeAll(async () => {
    const targets = FOLDERS.map((folder) => [`${folder}/target.ts`, "export const target = 1;\n"]);
    const users = [...FORBIDDEN, ...ALLOWED].map(([path, specifier]) => [path, using(specifier)]);
    const others = {
      "src/new-folder/a.ts": "export const a = 1;\n",
      "packages/new-package/src/index.ts": "export const a = 1;\n",
      "src/kernel/c1.ts": using("./c2.js"),
      "src/kernel/c2.ts": using("./c3.js"),
      "src/kernel/c3.ts": using("./c1.js"),
      "src/kernel/w1.ts": 'import { target } from "../room/target.js";\nexport const used = target;\n',
      "src/kernel/w2.ts": 'import "../room/target.js";\n',
      "src/kernel/w3.ts": 'export * from "../room/target.js";\n',
      "src/kernel/w4.ts": 'export type { Target } from "../room/target.js";\n',
      "src/kernel/w5.ts": 'export const load = () => import("../room/target.js");\n',
      "src/kernel/w6.ts": 'import { type Target } from "../room/target.js";\nexport type Used = Target;\n',
      "src/kernel/w7.ts": 'export type Used = import("../room/target.js").Target;\n',
      "src/kernel/w8.tsx":
        'import { target } from "../room/target.js";\nexport const used = <p title="a">{target}</p>;\n',
      "src/kernel/w9.ts": using("../web/page.js"),
      "src/web/page.tsx": "export const page = <p />;\n",
    };
    problems = findProblems(await read({ ...Object.fromEntries([...targets, ...users]), ...others }), boundaries);
  });

  test.each(FORBIDDEN)("%s may not import %s", (path) => {
    expect(problems.filter((problem) => problem.startsWith(`${path} imports `))).toHaveLength(1);
  });

  test.each(ALLOWED)("%s may import %s", (path) => {
    expect(problems.filter((problem) => problem.startsWith(`${path} imports `))).toEqual([]);
  });

  test.each(["w1.ts", "w2.ts", "w3.ts", "w4.ts", "w5.ts", "w6.ts", "w7.ts", "w8.tsx"])(
    "each way to import is seen: %s",
    (name) => {
      expect(problems).toContain(`src/kernel/${name} imports src/room/target.ts: src/kernel may import nothing`);
    },
  );

  test("a file with JSX is found by the name that it is imported by", () => {
    expect(problems).toContain("src/kernel/w9.ts imports src/web/page.tsx: src/kernel may import nothing");
  });

  test("a folder or package that the list does not name may not exist", () => {
    expect(problems).toContain("src/new-folder/a.ts: its folder is not in the allow-list");
    expect(problems).toContain("packages/new-package/src/index.ts: its folder is not in the allow-list");
  });

  test("a cycle is reported once", () => {
    const cycles = problems.filter((problem) => problem.startsWith("cycle: "));
    expect(cycles).toHaveLength(1);
    for (const name of ["c1", "c2", "c3"]) expect(cycles[0]).toContain(`src/kernel/${name}.ts`);
  });
});

describe("what was read", () => {
  test("a project without sources fails", async () => {
    expect(findProblems(await read({}), boundaries)).toEqual(["no source file was found"]);
  });

  test("a parser that sees no imports fails", () => {
    const graph = ["src/redis/a.ts", "src/redis/b.ts"].map((path) => ({ path, imports: [] }));
    expect(findProblems(graph, boundaries)).toEqual(["only 0 imports were found in 2 files"]);
  });

  test("a file that cannot be parsed fails", async () => {
    await expect(read({ "src/kernel/a.ts": "export const = ;\n" })).rejects.toThrow("src/kernel/a.ts cannot be parsed");
  });

  test("an import of what is known only at run time fails", async () => {
    const text = "export const load = (name: string) => import(name);\n";
    await expect(read({ "src/kernel/a.ts": text })).rejects.toThrow("src/kernel/a.ts imports what is known only when");
  });

  test("the project's own sources are all read", async () => {
    const graph = await readImportGraph(ROOT);
    expect(graph.length).toBeGreaterThan(250);
    expect(graph.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["src/main.ts", "src/web/ops/main.tsx", "packages/client/src/media/index.ts"]),
    );
  });
});

describe("the list itself", () => {
  const graph = [{ path: "src/a/a.ts", imports: [{ specifier: "x", file: undefined }] }];

  test("folders that may import each other are a mistake", () => {
    const allowed = { "src/a": ["src/b", "x"], "src/b": ["src/c"], "src/c": ["src/a"] };
    expect(findProblems(graph, { allowed, shared: {} })).toEqual([
      "allow-list: cycle src/a -> src/b -> src/c -> src/a",
    ]);
  });

  test("a library in two folders needs a reason", () => {
    const allowed = { "src/a": ["x"], "src/b": ["x/types"] };
    expect(findProblems(graph, { allowed, shared: {} })).toEqual(["allow-list: x has one folder, not src/a and src/b"]);
    expect(findProblems(graph, { allowed, shared: { x: "a reason" } })).toEqual([]);
  });

  test("only these libraries have more than one folder", () => {
    expect(Object.keys(boundaries.shared).sort()).toEqual(["fastify", "jose", "mediasoup", "pino", "typebox", "ws"]);
  });
});
