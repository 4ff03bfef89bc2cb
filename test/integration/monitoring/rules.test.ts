import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { checkout, run } from "../scripts/run-script.js";
import { AWAITED, metricNames } from "./awaited.js";
import { dashboardQueries } from "./dashboard.js";
import { noPrometheusReason, Prometheus } from "./prometheus.js";

const FOLDER = "config/prometheus";
const stories = readdirSync(`${checkout}${FOLDER}/tests`).map((name) => `${FOLDER}/tests/${name}`);

test("Prometheus accepts the configuration and the rules", async ({ skip }) => {
  skip(noPrometheusReason !== undefined, noPrometheusReason);
  const { code, stdout, stderr } = await run("promtool", [
    "check",
    "config",
    "--lint=all",
    "--lint-fatal",
    `${FOLDER}/prometheus.yml`,
  ]);
  expect(stderr).not.toContain("FAILED");
  expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  expect(code).toBe(0);
});

test("the unit tests of the rules pass: each ends with the alerts that it expects", async ({ skip }) => {
  skip(noPrometheusReason !== undefined, noPrometheusReason);
  const { code, stdout, stderr } = await run("promtool", ["test", "rules", ...stories]);
  expect(`${stdout}${stderr}`).not.toContain("FAILED");
  expect(code).toBe(0);
});

test("every rule can be evaluated, has a unit test, uses metrics that exist, and is used", async ({ skip }) => {
  skip(noPrometheusReason !== undefined, noPrometheusReason);
  const service = await startService();
  const exposed = metricNames(await (await service.get("/metrics")).text());
  const prometheus = await Prometheus.start({ lastseen: { target: new URL(service.http).host } });
  await until(async () => (await prometheus.rules()).every(({ health }) => health !== "unknown"));
  const rules = await prometheus.rules();
  expect(rules.length).toBeGreaterThan(25);
  expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
  const told = stories.map((path) => readFileSync(checkout + path, "utf8")).join("\n");
  expect(rules.filter(({ name }) => !told.includes(name)).map(({ name }) => name)).toEqual([]);

  const recorded = new Set(rules.filter(({ type }) => type === "recording").map(({ name }) => name));
  const asked = rules.flatMap(({ query }) => [...metricNames(query)]);
  expect(asked.filter((name) => !exposed.has(name) && !recorded.has(name) && !AWAITED.has(name))).toEqual([]);
  const used = new Set([...asked, ...dashboardQueries().flatMap(({ expr }) => [...metricNames(expr)])]);
  expect([...recorded].filter((name) => !used.has(name))).toEqual([]);
});
