import { readFileSync } from "node:fs";
import { checkout } from "../scripts/run-script.js";

/** The Grafana dashboard as it is in the file, with the fields of each panel that the tests check. */
export interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type: string; uid: string };
  targets?: { refId: string; expr: string; legendFormat: string; datasource: { uid: string } }[];
}

interface Dashboard {
  uid: string;
  panels: Panel[];
  templating: { list: { name: string; query: { query: string } }[] };
  annotations: { list: { name: string; expr: string }[] };
}

export const dashboard = JSON.parse(
  readFileSync(`${checkout}config/grafana/dashboards/lastseen.json`, "utf8"),
) as Dashboard;

/** Every query of the dashboard, with the values that Grafana fills in: all nodes, and a range of a minute. */
export function dashboardQueries(): { title: string; expr: string; legend: string }[] {
  const panels = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ title, expr, legend: legendFormat })),
  );
  const annotations = dashboard.annotations.list.map(({ name, expr }) => ({ title: name, expr, legend: "" }));
  return [...panels, ...annotations].map(({ title, expr, legend }) => ({
    title,
    legend,
    expr: expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "1m"),
  }));
}
