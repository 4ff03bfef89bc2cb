import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const doc = readFileSync(`${root}docs/troubleshooting.md`, "utf8");
const source = ["src", "scripts", "packages"]
  .flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !/node_modules|dist/.test(path))
      .map((path) => readFileSync(`${root}${folder}/${path}`, "utf8")),
  )
  .join("\n");

/** Quoted messages in the first column, in pieces without what changes. */
const quoted = [...doc.matchAll(/^\| (.+?) \| /gm)].flatMap(([, cell = ""]) =>
  [...cell.matchAll(/"([^"]+)"/g)].map(([, message = ""]) => message),
);

test("docs/troubleshooting.md quotes messages as the client and the service write them", () => {
  expect(quoted.length).toBeGreaterThan(12);
  const pieces = quoted.flatMap((message) => message.split("…").map((piece) => piece.trim()));
  expect(pieces.filter((piece) => piece !== "" && !source.includes(piece))).toEqual([]);
});

test.each(["README.md", "docs/sdk.md", "docs/debugging.md", "packages/client/README.md"])("%s leads to it", (path) => {
  expect(readFileSync(`${root}${path}`, "utf8")).toContain("troubleshooting.md)");
});
