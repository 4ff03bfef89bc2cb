import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig, type Config } from "../../../src/config/load.js";
import { Settings } from "../../../src/config/schema.js";
import { addressPatch, all, containerOf, manifests, podEnvironment, the } from "../../support/kubernetes.js";
import { ADMIN_TOKEN, JWT_SECRET, METRICS_TOKEN } from "../../support/secrets.js";
import { problemsOf } from "./kubernetes-api.js";

/** `deploy/kubernetes` fits the Kubernetes API, the settings of the service, its image and itself. */

const ROOT = new URL("../../../", import.meta.url);
const DOCKERFILE = readFileSync(new URL("Dockerfile", ROOT), "utf8");
const GUIDE = readFileSync(new URL("docs/kubernetes.md", ROOT), "utf8");
/** What `src/main.ts` gives the process for its end after the drain. */
const END_MS = Number(
  /GRACE_MS = ([\d_]+)/.exec(readFileSync(new URL("src/main.ts", ROOT), "utf8"))?.[1]?.replace("_", ""),
);
const HOST_IP = "203.0.113.7";
const SECRETS: Readonly<Record<string, string>> = {
  redis_url: "redis://redis:6379",
  jwt_secret: JWT_SECRET,
  admin_token: ADMIN_TOKEN,
  metrics_token: METRICS_TOKEN,
};

const set = the("StatefulSet");
const pod = set.spec?.template.spec;
const container = containerOf(set);
const podNames = Array.from({ length: set.spec?.replicas ?? 0 }, (_, index) => `${set.metadata.name}-${index}`);
const podLabels = set.spec?.template.metadata?.labels;

/** The settings of one pod, as the service reads them. */
function configOf(
  podName: string,
  environment = podEnvironment({ "metadata.name": podName, "status.hostIP": HOST_IP }),
): Config {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-secrets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [key, secret] of Object.entries(SECRETS)) writeFileSync(join(folder, key), secret);
  const mounted = pod?.volumes?.find(({ secret }) => secret)?.name;
  const path = container.volumeMounts?.find(({ name }) => name === mounted)?.mountPath ?? "nowhere";
  const env = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, value.replace(path, folder)]),
  );
  // The image sets the environment.
  expect(DOCKERFILE).toContain("LASTSEEN_ENV=production");
  return loadConfig({ LASTSEEN_ENV: "production", ...env }, new URL("config", ROOT).pathname);
}

test.each(manifests().map(({ file, ...object }) => [`${file}: ${object.kind} ${object.metadata.name}`, object]))(
  "the Kubernetes API takes %s",
  (_, object) => {
    expect(problemsOf(object)).toEqual([]);
    expect(object.kind === "Namespace" ? object.metadata.name : object.metadata.namespace).toBe("lastseen");
  },
);

test("the check notices a wrong value, a missing field and an unknown field", () => {
  const budget = (spec: object) => ({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: {}, spec });
  const service = (...ports: object[]) => ({ apiVersion: "v1", kind: "Service", metadata: {}, spec: { ports } });
  expect(problemsOf(budget({ maxUnavailable: 1, selector: {} }))).toEqual([]);
  expect(problemsOf(budget({ maxUnavailable: [] }))).toEqual([expect.stringContaining("maxUnavailable")]);
  expect(problemsOf(budget({ maxUnavailabel: 1 }))).toEqual(["/spec/maxUnavailabel is no field of the API"]);
  expect(problemsOf(service({ name: "http" }))).toEqual([expect.stringContaining("port")]);
  expect(problemsOf({ apiVersion: "v1", kind: "Pod" })).toEqual([expect.stringContaining("Pod")]);
});

test("every variable is a setting, and the service takes them all in production", () => {
  const known = new Set(Object.keys(Settings.properties).flatMap((name) => [name, `${name}_FILE`]));
  const environment = podEnvironment({ "metadata.name": "lastseen-0", "status.hostIP": HOST_IP });
  expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
  const config = configOf("lastseen-1");
  expect(config.WARNINGS).toEqual([]);
  expect(config).toMatchObject({ NODE_ID: "lastseen-1", SFU_ANNOUNCED_IP: HOST_IP, REDIS_URL: SECRETS["redis_url"] });
});

test("a pod without an announced address does not start, and asks for it", () => {
  const environment = podEnvironment({ "metadata.name": "lastseen-0", "status.hostIP": "" });
  expect(() => configOf("lastseen-0", environment)).toThrow(/needs SFU_ANNOUNCED_IP/);
});

test("the trial of the guide serves the demo page and lets everybody in, and the page finds the service", () => {
  const [, words = ""] = /set env statefulset\/lastseen (LASTSEEN_ENV=.*)/.exec(GUIDE) ?? [];
  const trial = Object.fromEntries(words.split(" ").map((word) => word.split("=")));
  const environment = podEnvironment({ "metadata.name": "lastseen-0", "status.hostIP": HOST_IP });
  const { WEB_PORT, ...config } = configOf("lastseen-0", { ...environment, ...trial });
  expect(config).toMatchObject({ AUTH_MODE: "none", HOST: "0.0.0.0", SERVICE_URL: "https://calls.example" });
  expect(config.ORIGINS).toEqual([`http://localhost:${WEB_PORT}`]);
  expect(GUIDE).toContain(`port-forward lastseen-0 ${WEB_PORT}:${WEB_PORT}`);
  const ends = Object.keys(trial).map((name) => `${name}-`);
  expect(GUIDE).toContain(`set env statefulset/lastseen ${ends.join(" ")}`);
});

test("each pod's address leads through the ingress to this pod, and the common address to all", () => {
  const { spec } = the("Ingress");
  const common = new URL(configOf("lastseen-0").SERVICE_URL ?? "").host;
  const hosts = podNames.map((name) => new URL(configOf(name).PUBLIC_URL ?? "").host);
  const wanted = [[common, "lastseen"], ...hosts.map((host, index) => [host, podNames[index]])].flatMap(
    ([host, service]) => ["/ws", "/api", "/health/live"].map((path) => `${host}${path} -> ${service}:http`),
  );
  const rules = (spec?.rules ?? []).flatMap(({ host, http }) =>
    (http?.paths ?? []).map(
      ({ path, backend }) => `${host}${path} -> ${backend.service?.name}:${backend.service?.port?.name}`,
    ),
  );
  expect(rules).toEqual(wanted);
  expect(spec?.tls?.[0]?.hosts).toEqual([common, `*.${common}`]);
  for (const host of hosts) expect(host.split(".").slice(1).join(".")).toBe(common);

  for (const name of podNames) {
    const one = the("Service", name).spec;
    expect(one?.selector).toEqual({ "statefulset.kubernetes.io/pod-name": name });
    expect(one?.publishNotReadyAddresses).toBe(true);
  }
  expect(the("Service").spec?.selector).toEqual(podLabels);
  // Only nodes that are ready: the others take nobody new.
  expect(the("Service").spec?.publishNotReadyAddresses).toBeUndefined();
});

test("with a path for each pod, the routes of the Gateway API lead to the same pods", () => {
  const routes = all("HTTPRoute").flatMap(({ spec }) =>
    (spec?.rules ?? []).flatMap(({ matches = [], filters = [], backendRefs = [] }) =>
      matches.map(({ path }) => {
        const inside = filters[0]?.urlRewrite?.path?.replacePrefixMatch ?? path?.value;
        return `${spec?.hostnames?.[0]}${path?.value} -> ${backendRefs[0]?.name}:${backendRefs[0]?.port}${inside}`;
      }),
    ),
  );
  const { PORT, SERVICE_URL = "" } = configOf("lastseen-0");
  const host = new URL(SERVICE_URL).host;
  const to = (prefix: string, service: string): string[] =>
    ["/ws", "/api", "/health/live"].map((path) => `${host}${prefix}${path} -> ${service}:${PORT}${path}`);
  expect(routes).toEqual([to("", "lastseen"), ...podNames.map((name) => to(`/n/${name}`, name))].flat());
});

test("the ports are those of the settings and of the image, and each media worker has its port at the machine", () => {
  const { PORT, SFU_PORT, SFU_WORKERS, SFU_LISTEN_IP } = configOf("lastseen-0");
  const ports = (container.ports ?? []).map(
    ({ containerPort, hostPort, protocol = "TCP" }) => `${hostPort ?? "-"}:${containerPort}/${protocol}`,
  );
  const media = Array.from({ length: SFU_WORKERS }, (_, worker) => SFU_PORT + worker);
  expect(ports).toEqual([`-:${PORT}/TCP`, ...media.flatMap((port) => [`${port}:${port}/UDP`, `${port}:${port}/TCP`])]);
  expect(SFU_LISTEN_IP).toBe("0.0.0.0");
  const exposed = /^EXPOSE (.*)$/m.exec(DOCKERFILE)?.[1]?.split(" ");
  expect(exposed).toEqual(expect.arrayContaining([String(PORT), `${SFU_PORT}/udp`, `${SFU_PORT}/tcp`]));

  const rules = the("NetworkPolicy").spec?.ingress ?? [];
  expect(rules.find(({ from }) => from === undefined)?.ports).toEqual(
    ["UDP", "TCP"].map((protocol) => ({ port: SFU_PORT, endPort: media.at(-1), protocol })),
  );
  for (const { spec } of [the("Service"), ...podNames.map((name) => the("Service", name))])
    expect(spec?.ports).toEqual([{ name: "http", port: PORT, targetPort: "http" }]);
});

test("Kubernetes waits longer for the end of a pod than the pod takes", () => {
  const waitS = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const { DRAIN_TIMEOUT_MS } = configOf("lastseen-0");
  expect(waitS).toBeGreaterThan(0);
  expect((pod?.terminationGracePeriodSeconds ?? 0) * 1000).toBeGreaterThan(waitS * 1000 + DRAIN_TIMEOUT_MS + END_MS);
});

test("the pods run as the user of the image, without privileges and without a writable disk", () => {
  expect(DOCKERFILE).toMatch(/^USER node$/m);
  expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
});

test("all objects mean the same pods and the same secret, whose keys the guide makes", () => {
  expect(set.spec?.selector.matchLabels).toEqual(podLabels);
  expect(set.spec?.serviceName).toBe(the("Service", "lastseen-nodes").metadata.name);
  expect(the("Service", "lastseen-nodes").spec).toMatchObject({ clusterIP: "None", selector: podLabels });
  expect(the("PodDisruptionBudget").spec).toMatchObject({
    maxUnavailable: 1,
    selector: { matchLabels: podLabels },
  });
  expect(the("NetworkPolicy").spec?.podSelector).toEqual({ matchLabels: podLabels });
  const monitor = the("PodMonitor").spec;
  expect(monitor?.selector).toEqual({ matchLabels: podLabels });
  const [endpoint] = monitor?.podMetricsEndpoints ?? [];
  expect(endpoint).toMatchObject({ port: "http", path: "/metrics" });

  const secret = pod?.volumes?.find(({ secret: one }) => one)?.secret?.secretName;
  const files = Object.entries(podEnvironment({ "metadata.name": "lastseen-0", "status.hostIP": HOST_IP }))
    .filter(([name]) => name.endsWith("_FILE"))
    .map(([, path]) => basename(path));
  expect(GUIDE).toContain(`create secret generic ${secret} `);
  const made = [...GUIDE.matchAll(/--from-literal=(\w+)=/g)].map(([, key = ""]) => key);
  expect(files.toSorted()).toEqual(made.toSorted());
  expect(Object.keys(SECRETS).toSorted()).toEqual(made.toSorted());
  expect(endpoint?.authorization?.credentials).toMatchObject({
    name: secret,
    key: expect.toSatisfy((key) => made.includes(key)),
  });
  expect(the("ConfigMap").metadata.name).toBe(container.envFrom?.[0]?.configMapRef?.name);
});

test("the patch for public addresses keeps the names that it changes", () => {
  const patch = addressPatch();
  const patched = containerOf(patch);
  expect(patched.name).toBe(container.name);
  const command = /^CMD (.*)$/m.exec(DOCKERFILE)?.[1] ?? "[]";
  const [program = "", ...args] = JSON.parse(command) as string[];
  expect(patched.args?.at(-1)).toContain(`exec ${[program, ...args].join(" ")}`);
  const volume = patch.spec?.template.spec?.volumes?.[0];
  expect(patched.volumeMounts?.map(({ name }) => name)).toEqual([volume?.name]);
  expect(GUIDE).toContain(`create configmap ${volume?.configMap?.name} `);
});
