import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { PATIENCE_MS } from "./test/support/until.js";

/** Tests with real processes and browsers may meet a machine that is too busy; see test/README.md. */
const retry = process.env["CI"] ? 1 : 0;
/** What is asked again until it holds may take its time on a busy machine. */
const patient = { poll: { timeout: PATIENCE_MS } };

/** The packages' sources, as in `paths` of tsconfig.base.json. */
const alias = [
  { find: /^@lastseen\/(\w+)$/, replacement: join(import.meta.dirname, "packages/$1/src/index.ts") },
  { find: "@lastseen/client/media", replacement: join(import.meta.dirname, "packages/client/src/media/index.ts") },
  { find: /^@lastseen\/protocol\/(.+)$/, replacement: join(import.meta.dirname, "packages/protocol/src/$1.ts") },
];

/** Folders of test/ by what their tests need; see test/README.md. */
export default defineConfig({
  resolve: { alias },
  test: {
    // Most of the tests wait for a process, a socket or a clock: no processor need stand idle for the runner itself.
    maxWorkers: availableParallelism(),
    reporters: ["default", "./test/support/tally-reporter.ts"],
    projects: [
      // Much longer than any of them needs: a busy machine is no reason to fail.
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/{unit,contract}/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          testTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          retry,
          expect: patient,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "long",
          include: ["test/long/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          retry,
          expect: patient,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
