import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
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

test("a release gives the OpenAPI document the new version, and nothing else in it", () => {
  const document = readFileSync(
    fileURLToPath(new URL("../../../packages/protocol/openapi.json", import.meta.url)),
    "utf8",
  );
  const { info, ...rest } = JSON.parse(raised(document, "7.8.9")) as { info: { version: string } };
  expect(info.version).toBe("7.8.9");
  const now = JSON.parse(document) as { info: { version: string } };
  expect({ ...rest, info: { ...info, version: now.info.version } }).toEqual(now);
  expect(now.info.version).toBe(manifest("package.json").version);
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
