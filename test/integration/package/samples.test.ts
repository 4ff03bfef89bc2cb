import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ENTRY_POINTS, ROOT } from "./entry-points.js";

/** What the samples take for granted of the page or the backend that they stand in. */
const PAGE = `
import type { CallSnapshot, Participant, StateChange, CallOverReason, LastseenClient } from "@lastseen/client";
declare global {
  const client: LastseenClient;
  function fetchToken(): Promise<string>;
  function showPeople(people: readonly Participant[]): void;
  function showConnection(state: StateChange["state"], reason: StateChange["reason"]): void;
  function showSwitchedPage(takeBack: () => void): void;
  function videoOf(sessionId: string): HTMLVideoElement;
  function showRing(call: CallSnapshot): void;
  function showOver(call: CallSnapshot | undefined, reason: CallOverReason | undefined): void;
}`;
const BACKEND = `
import type { Router, WebRtcTransportOptions } from "mediasoup/types";
declare global {
  const router: Router;
  const options: WebRtcTransportOptions;
  const sessionId: string;
}`;

const NODE_BACKEND = `
import type { Server } from "node:http";
import type { Router, WebRtcTransportOptions } from "mediasoup/types";
import type { Server as SocketIo } from "socket.io";
import type { AttachedLastseen } from "lastseen/node";
declare global {
  const router: Router;
  const options: WebRtcTransportOptions;
  const sessionId: string;
  const server: Server;
  const lastseen: AttachedLastseen;
  const io: SocketIo;
}`;

const OWN_BACKEND = `
import type { LastseenEvent } from "@lastseen/server";
declare global {
  const roomId: string;
  const user: { id: string; name: string };
  function store(event: LastseenEvent): Promise<void>;
}`;

const COMPILER_OPTIONS = {
  target: "ES2023",
  module: "ESNext",
  moduleResolution: "bundler",
  moduleDetection: "force",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
  jsx: "react-jsx",
};

/** @returns what the compiler says, empty if it has nothing to say */
async function check(samples: string[], surroundings: string, options: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lastseen-samples-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const entries = ENTRY_POINTS.map(({ specifier, types }) => [specifier, [types]]);
  // These packages do not bring their own types.
  const separateTypes = {
    express: [join(ROOT, "node_modules/@types/express")],
    react: [join(ROOT, "node_modules/@types/react")],
    "react/*": [join(ROOT, "node_modules/@types/react/*")],
  };
  const paths = { ...Object.fromEntries(entries), ...separateTypes, "*": [join(ROOT, "node_modules/*")] };
  const typeRoots = [join(ROOT, "node_modules/@types")];
  const config = { compilerOptions: { ...COMPILER_OPTIONS, ...options, paths, typeRoots } };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  await writeFile(join(folder, "surroundings.d.ts"), surroundings);
  for (const [index, sample] of samples.entries()) await writeFile(join(folder, `sample-${index + 1}.tsx`), sample);
  return new Promise((resolve) => {
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    execFile(process.execPath, [compiler, "-p", folder], (_error, output) => resolve(output));
  });
}

async function samplesOf(path: string): Promise<string[]> {
  const text = await readFile(join(ROOT, path), "utf8");
  return [...text.matchAll(/^```tsx?\n(.*?)^```/gms)].map(([, sample = ""]) => sample);
}

const BROWSER = { lib: ["ES2023", "DOM", "DOM.Iterable"], types: [] };
const NODE = { lib: ["ES2023"], types: ["node"] };

test.each([
  ["README.md", PAGE, BROWSER],
  ["docs/sdk.md", PAGE, BROWSER],
  ["docs/react.md", PAGE, BROWSER],
  ["packages/react/README.md", PAGE, BROWSER],
  ["docs/plugin.md", BACKEND, NODE],
  ["docs/node-backends.md", NODE_BACKEND, NODE],
  ["docs/agent.md", BACKEND, NODE],
  ["packages/agent/README.md", BACKEND, NODE],
  ["packages/server/README.md", OWN_BACKEND, NODE],
])("the samples of %s are right, letter for letter, for a strict compiler", async (path, surroundings, options) => {
  const samples = await samplesOf(path);
  expect(samples.length).toBeGreaterThan(0);
  expect(await check(samples, surroundings, options)).toBe("");
});

test("a sample with a name that is not there would be noticed", async () => {
  const sample =
    'import { connect } from "@lastseen/client";\nawait connect({ url: "https://calls.example" }).enter("daily");\n';
  expect(await check([sample], PAGE, BROWSER)).toContain("'enter' does not exist");
});
