/** Checks objects against the schemas of the Kubernetes API, which the `kubernetes-models` packages bring. */
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { Service } from "kubernetes-models/v1/Service";

interface Kind {
  apiVersion: string;
  kind: string;
  prototype: { validate(): void };
}

const KINDS: readonly Kind[] = [
  ConfigMap,
  Deployment,
  HTTPRoute,
  Ingress,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  PodMonitor,
  Service,
  StatefulSet,
];

/** What the API would refuse. `kubectl apply` refuses fields that the API does not know; the schemas alone do not. */
export function problemsOf(object: { apiVersion: string; kind: string }): string[] {
  const kind = KINDS.find((known) => known.kind === object.kind && known.apiVersion === object.apiVersion);
  if (!kind) return [`${object.apiVersion} ${object.kind} is not among the kinds of this check`];
  const read = new Set<string>();
  try {
    kind.prototype.validate.call(watched(object, "", read));
  } catch (error) {
    return [error instanceof Error ? error.message : "unknown error"];
  }
  return pathsIn(object, "")
    .filter((path) => !read.has(path))
    .map((path) => `${path} is no field of the API`);
}

/** A view of a value that writes down which of its fields somebody reads. A validation reads each field that it knows. */
function watched(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const at = `${path}/${String(key)}`;
      read.add(at);
      return watched(Reflect.get(target, key), at, read);
    },
  });
}

function pathsIn(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [`${path}/${key}`, ...pathsIn(part, `${path}/${key}`)]);
}
