/** `npm run check:boundaries`: fails when a file imports what its folder may not import. */
import { fileURLToPath } from "node:url";
import { boundaries } from "./boundaries/allow-list.js";
import { findProblems } from "./boundaries/check.js";
import { readImportGraph } from "./boundaries/import-graph.js";

const graph = await readImportGraph(fileURLToPath(new URL("..", import.meta.url)));
const problems = findProblems(graph, boundaries);
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error("What each folder may import is listed in scripts/boundaries/allow-list.ts.");
  process.exitCode = 1;
}
