/** A client that has stopped says why, in each later call and in each call that waited. */
import { describe, expect, it } from "vitest";
import { createMedia } from "@lastseen/client/media";
import { LastseenClient } from "../../../packages/client/src/client.js";
import { FullJitterPolicy } from "../../../packages/client/src/reconnect-policy.js";
import { FakeBrowser, settle } from "./fake-browser.js";
import { connected, connecting, inRoom, payloads, type Scene } from "./scenes.js";

const publish = { source: "mic" };
/** Refuses the hello with the service's own words. */
async function refuseHello({ browser }: Scene, code: string, message: string, retryable = false): Promise<void> {
  await browser.socket.open();
  const { id } = browser.socket.requests("hello")[0] ?? { id: 0 };
  await browser.socket.receive({ id, ok: false, error: { code, message, retryable } });
}

/** The rejections of every kind of call. */
function calls(client: LastseenClient): Promise<unknown>[] {
  return [
    client.join("daily"),
    client.whenConnected(),
    client.setMetadata({ hand: true }),
    client.refresh(),
    client.calls.start("bob", "audio"),
    client.calls.accept(),
    client.calls.end(),
    client.request("getRoom", {}),
  ];
}

async function eachRejects(promises: Promise<unknown>[], refusal: object): Promise<void> {
  const settled = await Promise.allSettled(promises);
  for (const outcome of settled) {
    expect(outcome).toMatchObject({ status: "rejected", reason: refusal });
  }
}

describe("the service's refusal of the hello", () => {
  it.each([
    ["unauthorized", "The token has expired.", "unauthorized"],
    ["bad_message", "user.id must not have control characters", "protocol_error"],
    ["forbidden", "This user may not come in.", "refused"],
    ["blocked", "This user is blocked.", "blocked"],
    ["session_gone", "There is no such session.", "refused"],
  ])("%s reaches the join that waits, and each later call", async (code, message, stopped) => {
    const scene = await connecting();
    const joining = scene.client.join("daily");
    await settle();
    await refuseHello(scene, code, message);
    const refusal = { code, message: expect.stringContaining(message), retryable: false, data: { stopped } };
    await eachRejects([joining], refusal);
    await eachRejects(calls(scene.client), refusal);
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", reason: stopped, error: refusal });
    expect(scene.browser.timers.count).toBe(0);
  });

  it("says that connect() has no getToken", async () => {
    const scene = await connecting();
    await refuseHello(scene, "unauthorized", "A token is needed.");
    await expect(scene.client.join("daily")).rejects.toThrow("A token is needed. Give connect() a getToken.");
  });

  it("is told by a retry when another token or a later attempt may help", async () => {
    const scene = await connecting({ getToken: () => "t" });
    await refuseHello(scene, "unauthorized", "The token has expired.");
    expect(payloads(scene, "retry")[0]).toMatchObject({ kind: "refused", message: "The token has expired." });
    await scene.browser.timers.advance(15_000);
    await refuseHello(scene, "unauthorized", "The token is not valid.");
    await expect(scene.client.join("daily")).rejects.toMatchObject({
      code: "unauthorized",
      message: expect.stringContaining("The token is not valid."),
    });
    const busy = await connecting();
    await refuseHello(busy, "overloaded", "The store does not answer.", true);
    expect(payloads(busy, "retry")[0]).toMatchObject({ kind: "refused", message: "The store does not answer." });
  });
});

describe("each way in which a client stops", () => {
  it.each([
    [1000, "server_closed"],
    [1009, "message_too_big"],
    [4400, "protocol_error"],
    [4403, "kicked"],
    [4409, "transferred"],
  ])("close code %i: %s", async (code, stopped) => {
    const { client, browser } = await inRoom();
    const pending = client.request("getRoom", {});
    await settle();
    await browser.socket.closeWith(code);
    const refusal = { code: "disconnected", retryable: false, data: { stopped } };
    await eachRejects([pending, ...calls(client)], refusal);
    expect(client.stopError).toMatchObject(refusal);
  });

  it("a close code after an error of the service: with the words of that error", async () => {
    const { client, browser } = await connected();
    await browser.socket.receive({
      type: "error",
      data: { code: "bad_message", message: "Frames must be JSON objects." },
    });
    await browser.socket.closeWith(4400);
    const refusal = { code: "bad_message", message: expect.stringContaining("Frames must be JSON objects.") };
    await eachRejects(calls(client), refusal);
  });

  it("disconnect()", async () => {
    const { client, browser } = await connected();
    const over = client.disconnect();
    await browser.timers.advance(1_000);
    await over;
    await eachRejects(calls(client), { data: { stopped: "client_initiated" }, message: /disconnect\(\) was called/ });
  });

  it("the policy gives up: with the reason of the last attempt, and a later start may help", async () => {
    const scene = await connecting({ reconnectPolicy: new FullJitterPolicy({ attempts: 0 }) });
    const joining = scene.client.join("daily");
    await settle();
    const outcome = eachRejects([joining], { retryable: true, data: { stopped: "gave_up", kind: "unreachable" } });
    await scene.browser.socket.closeWith(1006);
    await outcome;
    await expect(scene.client.join("daily")).rejects.toThrow(
      "The WebSocket to http://service:3001 could not be opened.",
    );
  });

  it("reconnect() forgets the reason", async () => {
    const { client, browser } = await connected();
    await browser.socket.closeWith(4403);
    client.reconnect();
    expect(client.stopError).toBeUndefined();
  });

  it("an answer to a call does not wait for ever when the client stops", async () => {
    const { client, browser } = await connected();
    const from = { userId: "bob", name: "Bob" };
    const ring = { callId: "c", roomId: "r", from, kind: "audio", expiresAt: 2_000_000, remainingMs: 30_000 };
    await browser.socket.receive({ type: "incoming_call", data: ring });
    const accepting = client.calls.accept();
    await settle();
    await browser.socket.closeWith(4403);
    await eachRejects([accepting], { data: { stopped: "kicked" } });
  });
});

it("a client that was never started says so", async () => {
  const { environment } = new FakeBrowser();
  const client = new LastseenClient({ url: "http://service:3001", environment });
  await expect(client.whenConnected()).rejects.toThrow("The client has not started: call reconnect().");
});

describe("media that is made after the join", () => {
  const track = { kind: "audio", enabled: true, stop: () => {} } as unknown as MediaStreamTrack;

  it("uses the room's media", async () => {
    const { client } = await inRoom();
    let loaded: unknown;
    const device = { load: async (given: unknown) => void (loaded = given) };
    const createDevice = () => Promise.resolve(device as never);
    const media = createMedia(client, { createDevice, network: { listen: () => () => {} } });
    media.publish(track, publish).catch(() => {});
    await settle();
    expect(loaded).toEqual({ routerRtpCapabilities: { codecs: [] } });
    media.close();
  });
});
