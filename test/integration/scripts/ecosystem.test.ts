import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../../../src/config/load.js";
import { checkout } from "./run-script.js";

/** What PM2 is told about the service. PM2 itself is not needed for it. */
interface Ecosystem {
  apps: {
    cwd: string;
    script: string;
    exec_mode: string;
    instances: number;
    autorestart: boolean;
    kill_timeout: number;
    treekill: boolean;
    stop_exit_codes: number[];
    env: Record<string, string>;
  }[];
}

const require = createRequire(import.meta.url);
const { apps } = require("../../../ecosystem.config.cjs") as Ecosystem;
const [app] = apps;
const source = readFileSync(`${checkout}src/main.ts`, "utf8");

test("PM2 starts the built service, once, in production, and again when it crashed", () => {
  expect(apps).toHaveLength(1);
  expect(app).toMatchObject({ exec_mode: "fork", instances: 1, autorestart: true });
  expect(app?.env).toEqual({ NODE_ENV: "production", LASTSEEN_ENV: "production" });
  const { bin } = require("../../../package.json") as { bin: Record<string, string> };
  expect(resolve(app?.cwd ?? "", app?.script ?? "")).toBe(resolve(checkout, bin["lastseen"] ?? ""));
  expect(existsSync(resolve(app?.cwd ?? "", "src/main.ts"))).toBe(true);
});

test("PM2 waits longer for a graceful stop than the service takes at the most, and signals the service alone", () => {
  const graceMs = Number(/const GRACE_MS = ([\d_]+);/.exec(source)?.[1]?.replaceAll("_", ""));
  expect(graceMs).toBeGreaterThan(0);
  const { DRAIN_TIMEOUT_MS } = require("../../../config/default.json") as { DRAIN_TIMEOUT_MS: number };
  expect(app?.kill_timeout).toBeGreaterThanOrEqual(DRAIN_TIMEOUT_MS + graceMs + 2_000);
  expect(app?.treekill).toBe(false);
});

test("PM2 does not try a wrong configuration again and again", () => {
  expect(app?.stop_exit_codes).toEqual([ConfigError.exitCode]);
});
