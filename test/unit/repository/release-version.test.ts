import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { follow, raised } from "../../../scripts/release-version.js";

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  devDependencies?: Record<string, string>;
}

function manifest(path: string): Manifest {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8")) as Manifest;
}

test("a release gives the root package the new version and the same version of our packages", () => {
  const dependencies = { "@lastseen/protocol": "0.1.0", fastify: "5.0.0" };
  const root = { version: "0.1.0", dependencies, devDependencies: { "@lastseen/client": "0.1.0", ws: "8.0.0" } };
  expect(follow(root, "0.2.0")).toEqual({
    version: "0.2.0",
    dependencies: { "@lastseen/protocol": "0.2.0", fastify: "5.0.0" },
    devDependencies: { "@lastseen/client": "0.2.0", ws: "8.0.0" },
  });
});

test.each<[name: string, read: (text: string) => unknown]>([
  ["openapi.json", (text) => JSON.parse(text)],
  ["asyncapi.yaml", (text) => parse(text)],
])("a release gives %s the new version, and changes nothing else in it", (name, read) => {
  interface Document {
    info: { version: string };
  }
  const text = readFileSync(fileURLToPath(new URL(`../../../packages/protocol/${name}`, import.meta.url)), "utf8");
  const [now, then] = [read(text) as Document, read(raised(text, "7.8.9")) as Document];
  expect(now.info.version).toBe(manifest("package.json").version);
  expect(then).toEqual({ ...now, info: { ...now.info, version: "7.8.9" } });
});

test("all packages have one version now and depend on exactly this version of each other", () => {
  const root = manifest("package.json");
  const protocol = manifest("packages/protocol/package.json");
  const client = manifest("packages/client/package.json");
  const react = manifest("packages/react/package.json");
  const server = manifest("packages/server/package.json");
  const agent = manifest("packages/agent/package.json");
  const conformance = manifest("packages/conformance/package.json");
  for (const { version } of [protocol, client, react, server, agent, conformance]) expect(version).toBe(root.version);
  expect(client.dependencies["@lastseen/protocol"]).toBe(root.version);
  expect(react.dependencies["@lastseen/client"]).toBe(root.version);
  expect(server.dependencies["@lastseen/protocol"]).toBe(root.version);
  expect(agent.dependencies["@lastseen/protocol"]).toBe(root.version);
  expect(conformance.dependencies["@lastseen/protocol"]).toBe(root.version);
  expect(follow(root, root.version)).toEqual(root);
});
