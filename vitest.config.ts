import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { PATIENCE_MS } from "./test/support/until.js";

/** Most tests wait for a process, a socket or a clock: twice as many as there are processors keep them all busy. */
const maxWorkers = Math.min(2 * availableParallelism(), 8);
/** `expect.poll` asks again until something holds, as long as `until` of test/support does. */
const patient = { poll: { timeout: PATIENCE_MS } };

/** The attack tests that count, and measure no time. */
const COUNTED = ["exhaustion", "handshakes", "tokens"].map((name) => `test/attack/${name}.test.ts`);

/** The packages' sources, as in `paths` of tsconfig.base.json. */
const alias = [
  { find: /^@lastseen\/(\w+)$/, replacement: join(import.meta.dirname, "packages/$1/src/index.ts") },
  {
    find: /^@lastseen\/client\/(media|devices|headless)$/,
    replacement: join(import.meta.dirname, "packages/client/src/$1/index.ts"),
  },
  {
    find: "@lastseen/client/socket.io",
    replacement: join(import.meta.dirname, "packages/client/src/socketio/index.ts"),
  },
  { find: /^@lastseen\/protocol\/(.+)$/, replacement: join(import.meta.dirname, "packages/protocol/src/$1.ts") },
];

/** One project for each kind of test; see test/README.md. */
export default defineConfig({
  resolve: { alias },
  test: {
    maxWorkers,
    reporters: ["default", "./test/support/tally-reporter.ts"],
    projects: [
      // Much longer than any of them needs, so that none fails because the machine is busy.
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/{unit,contract,react}/**/*.test.ts"],
          // These files leave nothing behind, so the files of one process share the modules that they import. Importing them
          // for each file takes as much processor time as the tests.
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          // Beside the other tests it gets only the time that they leave; see scripts/test.ts.
          testTimeout: 3_600_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          expect: patient,
          testTimeout: 180_000,
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
          name: "attack",
          // These tests count and measure no time, so a busy machine does not change their results. They need Linux.
          include: process.platform === "linux" ? COUNTED : [],
          expect: patient,
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "attack-measured",
          include: ["test/attack/*.test.ts"],
          exclude: COUNTED,
          expect: patient,
          testTimeout: 180_000,
          hookTimeout: 60_000,
          // What one test measures on one processor disturbs what another measures on the other.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "fuzz",
          include: ["test/attack/fuzz/*.test.ts"],
          expect: patient,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          expect: patient,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
