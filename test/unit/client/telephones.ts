/** The start of tests about calls: a client without a call, with an incoming ring, with an outgoing ring, or in a call. */
import type { CallChange } from "../../../packages/client/src/events.js";
import { connecting, greet, type Scene } from "./scenes.js";

export const CALL = { callId: "c1", roomId: "call-c1", kind: "audio" } as const;
export const BOB = { userId: "bob", name: "Bob" };

/** The answer to `startCall`. */
export const STARTED = { callId: "c1", roomId: "call-c1", ringTimeoutMs: 30_000, peer: BOB };

export interface Telephone extends Scene {
  changes: CallChange[];
}

/** @param call the one that the session is in already */
export async function telephone(call: object | null = null): Promise<Telephone> {
  const scene = await connecting();
  const changes: CallChange[] = [];
  scene.client.on("call", (change) => changes.push(change));
  await greet(scene.browser, { call });
  return { ...scene, changes };
}

export const tell = ({ browser }: Scene, type: string, data: object) => browser.socket.receive({ type, data });

export async function incoming(): Promise<Telephone> {
  const scene = await telephone();
  await tell(scene, "incoming_call", { ...CALL, from: BOB, expiresAt: 1, remainingMs: 30_000 });
  return scene;
}

export async function outgoing(): Promise<Telephone> {
  const scene = await telephone();
  const starting = scene.client.calls.start("bob", "audio");
  await scene.browser.socket.answer("startCall", STARTED);
  await starting;
  return scene;
}

export async function active(): Promise<Telephone> {
  const scene = await outgoing();
  await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
  return scene;
}

export const lastReason = ({ changes }: Telephone) => changes.at(-1)?.reason;

/** The connection breaks, and the next hello is answered. @param call the one that the session is in by then */
export async function comeBack(scene: Scene, call: object | null = null): Promise<void> {
  await scene.browser.socket.closeWith(1006);
  await scene.browser.timers.advance(1_000);
  await greet(scene.browser, { resumed: true, epoch: 2, call });
}
