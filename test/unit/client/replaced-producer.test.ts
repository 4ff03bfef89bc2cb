/** Somebody goes on in another tab: the new track takes the place of the old one, and nobody sees or hears a gap. */
import { FakeHandler } from "mediasoup-client/handlers/FakeHandler";
import { afterEach, describe, expect, it, vi } from "vitest";
import { calm, mediaInRoom, requests, sender, type MediaScene } from "./fake-media.js";

const bob = { roomId: "daily", userId: "bob", sessionId: "s-bob" };
const received = ({ media }: MediaScene) => media.tracks.map(({ producerId }) => producerId);

afterEach(() => void vi.restoreAllMocks());

/** Bob's new tab sends this in the place of `audio-1`. */
async function sendsAgain({ browser }: MediaScene, producerId: string, more: object = {}): Promise<void> {
  const data = { ...bob, producerId, kind: "audio", source: "audio-1", paused: false, ...more };
  await browser.socket.receive({ type: "new_producer", data });
  await calm();
}

async function ends({ browser }: MediaScene, producerId: string): Promise<void> {
  await browser.socket.receive({ type: "producer_closed", data: { ...bob, producerId } });
  await calm();
}

async function passes({ browser }: MediaScene, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await browser.timers.advance(50);
    await calm();
  }
}

/** The browser has received something of every consumer. */
function everythingFlows(): void {
  const report = new Map([["in", { type: "inbound-rtp", packetsReceived: 1 }]]);
  vi.spyOn(FakeHandler.prototype, "getReceiverStats").mockResolvedValue(report);
}

const names = ({ heard }: MediaScene) =>
  heard.map(([event, payload]) => `${event} ${(payload as { producerId: string }).producerId}`);

describe("a source that a participant sends again", () => {
  it("stays the old track until the new one brings something; then the old consumer is closed", async () => {
    const scene = await mediaInRoom([sender("bob", "audio-1")]);
    await sendsAgain(scene, "audio-2");
    expect(received(scene)).toEqual(["audio-1"]);
    expect(requests(scene.browser, "resumeConsumer")).toHaveLength(2);
    await passes(scene, 200);
    expect(received(scene)).toEqual(["audio-1"]);
    everythingFlows();
    await passes(scene, 100);
    expect(received(scene)).toEqual(["audio-2"]);
    expect(names(scene)).toEqual(["track_added audio-1", "track_added audio-2", "track_removed audio-1"]);
    expect(requests(scene.browser, "closeConsumer")).toHaveLength(1);
    await ends(scene, "audio-1");
    expect(received(scene)).toEqual(["audio-2"]);
    expect(requests(scene.browser, "consume")).toHaveLength(2);
  });

  it("is the new track after one and a half seconds, whatever the browser says", async () => {
    const scene = await mediaInRoom([sender("bob", "audio-1")]);
    await sendsAgain(scene, "audio-2");
    await passes(scene, 1_400);
    expect(received(scene)).toEqual(["audio-1"]);
    await passes(scene, 200);
    expect(received(scene)).toEqual(["audio-2"]);
  });

  it("is the new track at once when the old producer ends", async () => {
    const scene = await mediaInRoom([sender("bob", "audio-1")]);
    await sendsAgain(scene, "audio-2");
    await ends(scene, "audio-1");
    expect(names(scene)).toEqual(["track_added audio-1", "track_added audio-2", "track_removed audio-1"]);
  });

  it("is the new track at once when it is muted, because then nothing comes", async () => {
    const scene = await mediaInRoom([sender("bob", "audio-1")]);
    await sendsAgain(scene, "audio-2", { paused: true });
    expect(received(scene)).toEqual(["audio-2"]);
  });

  it("is the old track again when the new tab has failed", async () => {
    everythingFlows();
    const scene = await mediaInRoom([sender("bob", "audio-1")]);
    await sendsAgain(scene, "audio-2");
    expect(received(scene)).toEqual(["audio-2"]);
    await ends(scene, "audio-2");
    expect(received(scene)).toEqual(["audio-1"]);
  });

  it("leaves other sources, other kinds, and producers without a source alone", async () => {
    everythingFlows();
    const scene = await mediaInRoom([sender("bob", "audio-1")]);
    await sendsAgain(scene, "audio-2", { source: "screen" });
    await sendsAgain(scene, "video-1", { kind: "video" });
    await sendsAgain(scene, "audio-3", { source: undefined });
    await sendsAgain(scene, "audio-4", { source: undefined });
    expect(received(scene)).toEqual(["audio-1", "audio-2", "video-1", "audio-3", "audio-4"]);
  });

  it("leaves nothing behind when the room is left meanwhile", async () => {
    const scene = await mediaInRoom([sender("bob", "audio-1")]);
    await sendsAgain(scene, "audio-2");
    await scene.client.leave();
    await passes(scene, 2_000);
    expect(received(scene)).toEqual([]);
    const added = names(scene).filter((name) => name.startsWith("track_added"));
    const removed = names(scene).filter((name) => name.startsWith("track_removed"));
    expect(removed).toHaveLength(added.length);
  });
});
