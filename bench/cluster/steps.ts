/** What clients do, over real WebSockets. */
import { TestClient } from "../../test/support/test-client.js";

/** Steps under way at the same time. */
const AT_ONCE = 20;

/** A client that has a session. */
export interface Caller {
  readonly client: TestClient;
  readonly userId: string;
}

/** Runs the step for each item, a few at the same time. */
export async function forEach<I, T>(items: Iterable<I>, step: (item: I) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  const rest = items[Symbol.iterator]();
  const line = async (): Promise<void> => {
    for (let next = rest.next(); !next.done; next = rest.next()) results.push(await step(next.value));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  return results;
}

export async function hello(url: string, userId: string): Promise<Caller> {
  const client = await TestClient.open(`${url.replace("http", "ws")}/ws`);
  await client.request("hello", { user: { id: userId }, tabId: "tab" });
  return { client, userId };
}

/** Says hello with the room to join, as the client library does. @returns the URL of the node that has the room, if it is not this one */
async function helloFor(url: string, userId: string, roomId: string): Promise<Caller | string> {
  const client = await TestClient.open(`${url.replace("http", "ws")}/ws`);
  const answer = await client.ask("hello", { user: { id: userId }, tabId: "tab", roomId });
  if (answer.ok) return { client, userId };
  client.reset();
  return urlOf(answer.error);
}

/** Says goodbye. */
export async function leave({ client }: Caller): Promise<void> {
  await client.request("beforeDisconnect", {});
  client.reset();
}

/** @returns where the room is, when it is not here */
async function join({ client }: Caller, roomId: string): Promise<string | undefined> {
  const answer = await client.ask("join", { roomId });
  if (answer.ok) return undefined;
  return urlOf(answer.error);
}

function urlOf(error: { code: string; data?: Record<string, unknown> }): string {
  if (error.code === "redirect") return String(error.data?.["url"]);
  throw new Error(`refused: ${JSON.stringify(error)}`);
}

/** Enters the room, at another node if need be. */
export async function enter(url: string, userId: string, roomId: string): Promise<Caller & { url: string }> {
  const caller = await helloFor(url, userId, roomId);
  if (typeof caller === "string") return enter(caller, userId, roomId);
  const elsewhere = await join(caller, roomId);
  if (elsewhere === undefined) return { ...caller, url };
  await leave(caller);
  return enter(elsewhere, userId, roomId);
}

/** One calls the other, who answers; then the first hangs up. */
export async function call(from: Caller, to: Caller): Promise<void> {
  const { callId } = await from.client.request("startCall", { to: to.userId, kind: "audio" });
  await to.client.event("incoming_call", (data) => data.callId === callId);
  await to.client.request("acceptCall", { callId });
  await from.client.event("call_accepted", (data) => data.callId === callId);
  await from.client.request("endCall", { callId });
  await to.client.event("call_ended", (data) => data.callId === callId);
}
