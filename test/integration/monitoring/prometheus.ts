import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { findCommand } from "../../../scripts/system-packages.js";
import { freePort } from "../../support/free-port.js";
import { until } from "../../support/until.js";
import { checkout } from "../scripts/run-script.js";

const program = findCommand("prometheus");

/** Why tests with a real Prometheus cannot run here; undefined when they can. */
export const noPrometheusReason: string | undefined =
  program && findCommand("promtool") ? undefined : "there is no prometheus here (Debian's package brings promtool too)";

/** One time series of an answer, with its newest value. */
export interface Sample {
  metric: Record<string, string>;
  value: number;
}

export interface Rule {
  name: string;
  type: "alerting" | "recording";
  query: string;
  health: string;
  lastError?: string;
}

type Answer<T> = { status: "success"; data: T } | { status: "error"; error: string };
type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };

/** A Prometheus process with the project's rules that scrapes every second. It ends with the test. */
export class Prometheus {
  readonly #url: string;

  private constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}`;
  }

  /** @param targets for each job name: `host:port`, and the token if the target needs one */
  static async start(targets: Record<string, { target: string; token?: string }>): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "lastseen-prometheus-"));
    const port = await freePort();
    const config = join(folder, "prometheus.yml");
    writeFileSync(config, configuration(targets));
    const child = spawn(
      program ?? "prometheus",
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=warn",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let problems = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (problems += text));
    onTestFinished(async () => {
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    });
    const prometheus = new Prometheus(port);
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}: ${problems}`);
      return fetch(`${prometheus.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return prometheus;
  }

  /** The result of a PromQL expression at this moment. */
  async query(expr: string): Promise<Sample[]> {
    const { result } = await this.#get<Vector>("query", { query: expr });
    return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** The value of an expression that gives one value; undefined when it gives none. */
  async value(expr: string): Promise<number | undefined> {
    const samples = await this.query(expr);
    if (samples.length > 1) throw new Error(`${expr} gives ${samples.length} values`);
    return samples[0]?.value;
  }

  /** The values that a label has in the series of a metric. */
  labelValues(label: string, metric: string): Promise<string[]> {
    return this.#get<string[]>(`label/${label}/values`, { "match[]": metric });
  }

  async rules(): Promise<Rule[]> {
    const { groups } = await this.#get<{ groups: { rules: Rule[] }[] }>("rules", {});
    return groups.flatMap(({ rules }) => rules);
  }

  async #get<T>(path: string, parameters: Record<string, string>): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const answer = (await response.json()) as Answer<T>;
    if (answer.status === "error") throw new Error(`${parameters["query"] ?? path}: ${answer.error}`);
    return answer.data;
  }
}

/** Every JSON text is valid YAML. */
function configuration(targets: Record<string, { target: string; token?: string }>): string {
  return JSON.stringify({
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: [`${checkout}config/prometheus/rules/*.yml`],
    scrape_configs: Object.entries(targets).map(([name, { target, token }]) => ({
      job_name: name,
      static_configs: [{ targets: [target] }],
      ...(token === undefined ? {} : { authorization: { credentials: token } }),
    })),
  });
}
