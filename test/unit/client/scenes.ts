/** The start of many tests: a client that is connected or in a room, and the frames that a service sends. */
import { connect, type LastseenClient } from "../../../packages/client/src/client.js";
import type { ConnectOptions } from "../../../packages/client/src/options.js";
import type { ClientEvents } from "../../../packages/client/src/events.js";
import type { Participant, RoomSnapshot } from "@lastseen/protocol";
import { FakeBrowser, settle } from "./fake-browser.js";

export const HEARTBEAT = { intervalMs: 30_000, idleTimeoutMs: 120_000, sweepIntervalMs: 30_000, resumeGraceMs: 20_000 };

export function person(name: string, changes: Partial<Participant> = {}): Participant {
  return {
    userId: name,
    name,
    sessionId: `s-${name}`,
    state: "present",
    joinedAt: 1,
    lastSeenAt: 1,
    metadata: {},
    producers: [],
    ...changes,
  };
}

export function room(version: number, ...participants: Participant[]): RoomSnapshot {
  return { id: "daily", version, participants };
}

let tokens = 0;

export function hello(changes: object = {}): object {
  return {
    sessionId: "s-ann",
    epoch: 1,
    resumeToken: `token-${++tokens}`,
    resumed: false,
    user: { id: "ann", name: "Ann" },
    nodeId: "n1",
    heartbeat: HEARTBEAT,
    room: null,
    call: null,
    ...changes,
  };
}

export function joined(snapshot: RoomSnapshot, changes: object = {}): object {
  return {
    room: snapshot,
    routerRtpCapabilities: { codecs: [] },
    transferred: false,
    sessionId: "s-ann",
    epoch: 1,
    resumeToken: `token-${++tokens}`,
    ...changes,
  };
}

export interface Scene {
  readonly browser: FakeBrowser;
  readonly client: LastseenClient;
  /** Every event of the given kinds, in order. */
  readonly seen: [keyof ClientEvents, unknown][];
}

const WATCHED = ["state", "retry", "session", "joined", "left", "roster", "tabs"] as const;

/** A client whose socket is not open yet. */
export async function connecting(
  options: Partial<ConnectOptions> = {},
  browser: FakeBrowser = new FakeBrowser(),
): Promise<Scene> {
  const client = connect({ url: "http://service:3001", log: false, environment: browser.environment, ...options });
  const seen: Scene["seen"] = [];
  for (const event of WATCHED) client.on(event, (payload) => seen.push([event, payload]));
  await settle();
  return { browser, client, seen };
}

/** The newest socket opens and its hello is answered. */
export async function greet(browser: FakeBrowser, changes: object = {}): Promise<void> {
  await browser.socket.open();
  await browser.socket.answer("hello", hello(changes));
}

export async function connected(options: Partial<ConnectOptions> = {}, browser?: FakeBrowser): Promise<Scene> {
  const scene = await connecting(options, browser);
  await greet(scene.browser);
  return scene;
}

/** In the room "daily" at version 1, with the given others. */
export async function inRoom(others: Participant[] = [], options: Partial<ConnectOptions> = {}): Promise<Scene> {
  const scene = await connected(options);
  const join = scene.client.join("daily");
  await settle();
  await scene.browser.socket.answer("join", joined(room(1, person("ann"), ...others)));
  await join;
  return scene;
}

/** The payloads of one kind of event. */
export function payloads<K extends keyof ClientEvents>({ seen }: Scene, event: K): ClientEvents[K][] {
  return seen.filter(([kind]) => kind === event).map(([, payload]) => payload as ClientEvents[K]);
}
