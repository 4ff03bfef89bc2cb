import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { checkout } from "../scripts/run-script.js";
import { AWAITED, metricNames } from "./awaited.js";
import { dashboard, dashboardQueries } from "./dashboard.js";
import { noPrometheusReason, Prometheus, type Sample } from "./prometheus.js";

const read = (path: string): string => readFileSync(checkout + path, "utf8");
const isAwaited = (expr: string): boolean => [...metricNames(expr)].some((name) => AWAITED.has(name));

test("every query of the dashboard has a result in a real Prometheus that scrapes the real service", async ({
  skip,
}) => {
  skip(noPrometheusReason !== undefined, noPrometheusReason);
  const service = await startService();
  await service.join("ada", "daily");
  const prometheus = await Prometheus.start({ lastseen: { target: new URL(service.http).host } });
  const ask = () =>
    Promise.all(
      dashboardQueries().map(async ({ title, expr, legend }) => {
        const samples = await prometheus.query(expr);
        return { title, expr, found: samples.length > 0, unnamed: missingLabels(legend, samples) };
      }),
    );
  const empty = async () =>
    (await ask()).filter(({ found, expr }) => !found && !isAwaited(expr)).map(({ title, expr }) => ({ title, expr }));
  // Rates need two scrapes, and then the rules need an evaluation.
  await expect.poll(empty, { interval: 500 }).toEqual([]);
  const answers = await ask();
  expect(answers.length).toBeGreaterThan(40);
  expect(answers.filter(({ unnamed }) => unnamed.length > 0)).toEqual([]);
  expect(await prometheus.labelValues("instance", "lastseen_build_info")).toEqual([new URL(service.http).host]);
});

test("the service does not have the awaited metrics yet, and a rule or panel uses each of them", async () => {
  const service = await startService();
  const exposed = metricNames(await (await service.get("/metrics")).text());
  expect(exposed.size).toBeGreaterThan(20);
  expect([...AWAITED].filter((name) => exposed.has(name))).toEqual([]);
  const asked = metricNames(
    [...dashboardQueries().map(({ expr }) => expr), read("config/prometheus/rules/alerts.yml")].join("\n"),
  );
  expect([...AWAITED].filter((name) => !asked.has(name))).toEqual([]);
});

test("a panel or an alert uses every metric of the service's own", async () => {
  const service = await startService();
  const exposed = metricNames(
    [...(await (await service.get("/metrics")).text()).matchAll(/^# TYPE (lastseen_\w+)/gm)]
      .map(([, name]) => name)
      .join("\n"),
  );
  const rules = `${read("config/prometheus/rules/alerts.yml")}${read("config/prometheus/rules/recording.yml")}`
    .split("\n")
    .filter((line) => !/^\s+(#|summary:|description:)/.test(line))
    .join("\n");
  const variables = dashboard.templating.list.map(({ query }) => query.query);
  const asked = metricNames([...dashboardQueries().map(({ expr }) => expr), ...variables, rules].join("\n"));
  expect([...exposed].filter((name) => !asked.has(name))).toEqual([]);
});

test("each panel has its own number and place, and the panels fill the width", () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(cells.length).toBe(24 * Math.max(...panels.map(({ gridPos: { y, h } }) => y + h)));
});

test("Grafana finds the dashboard and the data where compose.yaml puts them", () => {
  const uid = /uid: (\w+)/.exec(read("config/grafana/provisioning/datasources/prometheus.yml"))?.[1];
  const sources = dashboard.panels.flatMap(({ datasource, targets = [] }) => [
    ...(datasource ? [datasource.uid] : []),
    ...targets.map(({ datasource: source }) => source.uid),
  ]);
  expect(new Set(sources)).toEqual(new Set([uid]));
  const path = /path: (\S+)/.exec(read("config/grafana/provisioning/dashboards/lastseen.yml"))?.[1] ?? "";
  const compose = read("compose.yaml");
  expect(compose).toContain(`./config/grafana/dashboards:${path}:ro`);
  expect(compose).toContain(`GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: ${path}/lastseen.json`);
  expect(compose).toContain("./config/grafana/provisioning:/etc/grafana/provisioning:ro");
});

/** The labels that a legend names and the answer does not have. */
function missingLabels(legend: string, samples: Sample[]): string[] {
  const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? "");
  return named.filter((label) => samples.some(({ metric }) => metric[label] === undefined));
}
