import { expect, test } from "vitest";
import { GHOST_CAUSES } from "@lastseen/protocol";
import { ServiceProcess } from "../../support/service-process.js";
import { startService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { noPrometheusReason, Prometheus } from "./prometheus.js";
import { METRICS_TOKEN } from "../../support/secrets.js";

const target = (service: { http: string }): string => new URL(service.http).host;

test("Prometheus reads the present sessions and the causes for which others have ended", async ({ skip }) => {
  skip(noPrometheusReason !== undefined, noPrometheusReason);
  const service = await startService({ NODE_ID: "node-7" });
  const prometheus = await Prometheus.start({ lastseen: { target: target(service) } });
  await until(async () => (await prometheus.value('up{job="lastseen"}')) === 1);
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  await service.join("eve", "weekly");
  bob.sendRaw('{"type":"ping"}');
  await bob.frame(({ type }) => type === "pong");
  await ada.request("beforeDisconnect", {});
  await ada.closed();

  const expected = {
    "sum(lastseen_sessions)": 2,
    'lastseen_sessions{state="present"}': 2,
    lastseen_connections: 2,
    lastseen_participants: 2,
    lastseen_rooms: 2,
    lastseen_ghost_sessions: 0,
    lastseen_heartbeats_total: 1,
    lastseen_sessions_opened_total: 3,
    'lastseen_sessions_closed_total{reason="left"}': 1,
    'lastseen_socket_closes_total{code="1000"}': 1,
    'lastseen_cleanups_total{result="clean"}': 1,
    'lastseen_build_info{node="node-7"}': 1,
    // All causes except `heard`, which makes no session a ghost.
    'count(lastseen_ghost_detection_seconds_bucket{le="+Inf"})': Object.keys(GHOST_CAUSES).length,
  };
  const seen = async () =>
    Object.fromEntries(
      await Promise.all(Object.keys(expected).map(async (expr) => [expr, await prometheus.value(expr)] as const)),
    );
  await expect.poll(seen, { interval: 250 }).toEqual(expected);
});

test("Prometheus sees a counter before its first step, so that the first step is an increase", async ({ skip }) => {
  skip(noPrometheusReason !== undefined, noPrometheusReason);
  const service = await startService();
  const prometheus = await Prometheus.start({ lastseen: { target: target(service) } });
  const refused = 'lastseen_messages_rejected_total{code="already_joined"}';
  await until(async () => ((await prometheus.value(`count_over_time(${refused}[1m])`)) ?? 0) >= 2);
  const ada = await service.join("ada", "daily");
  await ada.ask("join", { roomId: "other" });
  await until(async () => ((await prometheus.value(`increase(${refused}[1m])`)) ?? 0) > 0);
});

test("with METRICS_TOKEN only a Prometheus with this token may scrape", async ({ skip }) => {
  skip(noPrometheusReason !== undefined, noPrometheusReason);
  const service = await startService({ METRICS_TOKEN });
  const prometheus = await Prometheus.start({
    lastseen: { target: target(service), token: METRICS_TOKEN },
    stranger: { target: target(service) },
    guesser: { target: target(service), token: "another-token" },
  });
  const up = async () =>
    Object.fromEntries((await prometheus.query("up")).map(({ metric, value }) => [metric["job"], value]));
  // On a busy machine the first scrape with the token may fail. A scrape without it always fails.
  await expect.poll(up).toEqual({ lastseen: 1, stranger: 0, guesser: 0 });
});

test("Prometheus notices that a node has died, and its alert is pending", async ({ skip }) => {
  skip(noPrometheusReason !== undefined, noPrometheusReason);
  const service = await ServiceProcess.start();
  const prometheus = await Prometheus.start({ lastseen: { target: target(service) } });
  // Some alerts are about the machine that runs the tests, which may be busy.
  const aside = "LastseenAbsent|LastseenEventLoopLag|LastseenStoodStill";
  const alerts = () => prometheus.query(`ALERTS{alertname!~"${aside}"}`);
  await until(async () => (await prometheus.value('up{job="lastseen"}')) === 1);
  expect(await alerts()).toEqual([]);
  service.signal("SIGKILL");
  await service.ended();
  await until(async () => {
    const [down, ...others] = await alerts();
    if (others.length > 0) throw new Error(`${others.length} more alerts`);
    return down?.metric["alertname"] === "LastseenDown" && down.metric["instance"] === target(service);
  });
});
