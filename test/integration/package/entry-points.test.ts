import { describe, expect, test } from "vitest";
import { ENTRY_POINTS, manifestOf, packagesBehind, type EntryPoint } from "./entry-points.js";

function find(specifier: string): EntryPoint {
  const found = ENTRY_POINTS.find((entry) => entry.specifier === specifier);
  if (!found) throw new Error(`no package exports ${specifier}`);
  return found;
}

describe("what an entry point imports", () => {
  test("the client imports only the protocol", () => {
    expect(packagesBehind(find("@lastseen/client").default, ".js")).toEqual(["@lastseen/protocol"]);
  });

  test("the client's media imports mediasoup-client, which the page installs itself", () => {
    expect(packagesBehind(find("@lastseen/client/media").default, ".js")).toContain("mediasoup-client");
    expect(Object.keys(manifestOf("@lastseen/client").peerDependencies ?? {})).toEqual(["mediasoup-client"]);
  });

  test("the client's devices import nothing that the page has to install", () => {
    expect(packagesBehind(find("@lastseen/client/devices").default, ".js")).toEqual([]);
  });

  test("the environment without a page imports nothing of Node.js", () => {
    expect(packagesBehind(find("@lastseen/client/headless").default, ".js")).toEqual([]);
  });

  test("the React package imports the client, React, and nothing else", () => {
    expect(packagesBehind(find("@lastseen/react").default, ".js")).toEqual(["@lastseen/client", "react"]);
  });

  test("the backends' package imports the protocol, a library for tokens and one for webhooks", () => {
    const imported = ["@lastseen/protocol", "jose", "standardwebhooks"];
    expect(packagesBehind(find("@lastseen/server").default, ".js")).toEqual(imported);
  });

  test("the agent imports the protocol, ws and mediasoup, which the application has", () => {
    expect(packagesBehind(find("@lastseen/agent").default, ".js")).toEqual(["@lastseen/protocol", "mediasoup", "ws"]);
  });

  test.each(ENTRY_POINTS)("$specifier imports only what its package.json names", (entry) => {
    const { dependencies, peerDependencies } = manifestOf(entry.package);
    const named = Object.keys({ ...dependencies, ...peerDependencies });
    expect(named).toEqual(expect.arrayContaining(packagesBehind(entry.default, ".js")));
  });

  test.each(ENTRY_POINTS)("the types of $specifier import only packages that bring their own types", (entry) => {
    const withTypes = ["@lastseen/client", "@lastseen/protocol", "fastify", "mediasoup", "mediasoup-client", "typebox"];
    // Who uses React with TypeScript has @types/react.
    const brought = [...withTypes, "react"];
    expect(brought).toEqual(expect.arrayContaining(packagesBehind(entry.types, ".d.ts")));
  });
});
