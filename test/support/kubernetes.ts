/** The files of `deploy/kubernetes`, and what Kubernetes makes of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { IHTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import type { IPodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import type { IStatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import type { IIngress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import type { IConfigMap } from "kubernetes-models/v1/ConfigMap";
import type { IContainer } from "kubernetes-models/v1/Container";
import type { IEnvVar } from "kubernetes-models/v1/EnvVar";
import type { IService } from "kubernetes-models/v1/Service";
import { parseAllDocuments } from "yaml";

const FOLDER = fileURLToPath(new URL("../../deploy/kubernetes/", import.meta.url));

export interface Manifest {
  /** Below `deploy/kubernetes`. */
  file: string;
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}

interface Kinds {
  ConfigMap: IConfigMap;
  HTTPRoute: IHTTPRoute;
  Ingress: IIngress;
  NetworkPolicy: INetworkPolicy;
  PodDisruptionBudget: IPodDisruptionBudget;
  PodMonitor: IPodMonitor;
  Service: IService;
  StatefulSet: IStatefulSet;
}

/** Every object of every file, apart from patches. */
export function manifests(): Manifest[] {
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  return files
    .filter((file) => !file.endsWith("-patch.yaml"))
    .toSorted()
    .flatMap((file) => documentsOf(file).map((document) => ({ file, ...(document as Omit<Manifest, "file">) })));
}

/** All objects of one kind. */
export function all<K extends keyof Kinds>(kind: K): (Kinds[K] & Manifest)[] {
  return manifests().filter((manifest) => manifest.kind === kind) as (Kinds[K] & Manifest)[];
}

/** @throws Error when there is none */
export function the<K extends keyof Kinds>(kind: K, name = "lastseen"): Kinds[K] & Manifest {
  const found = all(kind).find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`deploy/kubernetes has no ${kind} ${name}`);
  return found;
}

/** The patch of the StatefulSet that lets pods announce the public address of their machine. */
export function addressPatch(): IStatefulSet {
  return documentsOf("public-addresses/statefulset-patch.yaml")[0] as IStatefulSet;
}

export function containerOf({ spec }: IStatefulSet): IContainer {
  const [container] = spec?.template.spec?.containers ?? [];
  if (!container) throw new Error("the StatefulSet has no container");
  return container;
}

/**
 * The environment of one pod, as the kubelet makes it: `envFrom`, then `env` with `$(NAME)` of the entries before.
 *
 * @param fields what the downward API says of the pod, such as `metadata.name`
 */
export function podEnvironment(fields: Readonly<Record<string, string>>): Record<string, string> {
  const { envFrom = [], env = [] } = containerOf(the("StatefulSet"));
  const maps = envFrom.map(({ configMapRef }) => the("ConfigMap", configMapRef?.name).data ?? {});
  const own: Record<string, string> = {};
  for (const entry of env) own[entry.name] = valueOf(entry, fields, own);
  return { ...Object.assign({}, ...maps), ...own };
}

function valueOf(
  { name, value, valueFrom }: IEnvVar,
  fields: Readonly<Record<string, string>>,
  before: object,
): string {
  const path = valueFrom?.fieldRef?.fieldPath;
  const found = path === undefined ? value : fields[path];
  if (found === undefined) throw new Error(`the variable ${name} has no value`);
  const known = new Map(Object.entries(before));
  return found.replaceAll(/\$\((\w+)\)/g, (reference, other: string) => known.get(other) ?? reference);
}

function documentsOf(file: string): unknown[] {
  return parseAllDocuments(readFileSync(join(FOLDER, file), "utf8")).map((document): unknown => document.toJS());
}
