import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findCommand } from "../../../scripts/system-packages.js";
import { startService } from "../../support/service.js";
import { checkout, run } from "./run-script.js";

const RULES = "config/prometheus/rules/lastseen.yml";
const DASHBOARD = "config/grafana/dashboards/lastseen.json";

interface Panel {
  id: number;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string }[];
}

const dashboard = JSON.parse(readFileSync(checkout + DASHBOARD, "utf8")) as { panels: Panel[] };

/** Names of our metrics in a text, those of a histogram's parts as the histogram's. */
function metricNames(text: string): Set<string> {
  const names = text.match(/\blastseen_[a-z_]+/g) ?? [];
  return new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, "")));
}

test("Prometheus accepts the configuration and the rules", async ({ skip }) => {
  const promtool = findCommand("promtool");
  skip(promtool === undefined, "there is no promtool here");
  const { code, stdout, stderr } = await run(promtool ?? "", ["check", "config", "config/prometheus/prometheus.yml"]);
  expect(stderr).not.toContain("FAILED");
  expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  expect(code).toBe(0);
});

test("rules and dashboard ask only for metrics that the service has", async () => {
  const service = await startService();
  const exposed = metricNames(await (await service.get("/metrics")).text());
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join("\n");
  for (const text of [readFileSync(checkout + RULES, "utf8"), expressions]) {
    const asked = metricNames(text);
    expect(asked.size).toBeGreaterThan(5);
    expect([...asked].filter((name) => !exposed.has(name))).toEqual([]);
  }
});

test("the dashboard's panels have their own numbers and places", () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
});
