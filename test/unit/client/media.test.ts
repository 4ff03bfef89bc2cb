import { FakeHandler } from "mediasoup-client/handlers/FakeHandler";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  calm,
  FakeTrack,
  joinedWithMedia,
  lineComesBack,
  mediaInRoom,
  requests,
  sender,
  setConnection,
  type MediaScene,
} from "./fake-media.js";
import { hello, person, room } from "./scenes.js";

const inDaily = { roomId: "daily", userId: "bob", sessionId: "s-bob" };

async function event({ browser }: MediaScene, type: string, data: object): Promise<void> {
  await browser.socket.receive({ type, data });
  await calm();
}

afterEach(() => void vi.restoreAllMocks());

const received = ({ media }: MediaScene) => media.tracks.map(({ producerId }) => producerId);

describe("publishing", () => {
  it("sends a track to the others with its source", async () => {
    const { browser, media, transports } = await mediaInRoom();
    await media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    expect(requests(browser, "createTransport")).toEqual([{ direction: "send" }]);
    expect(requests(browser, "produce")).toMatchObject([{ kind: "audio", source: "mic", paused: false }]);
    expect(media.publications).toMatchObject([{ source: "mic", muted: false }]);
    expect(transports).toHaveLength(1);
  });

  it("waits until there is a room", async () => {
    const scene = await mediaInRoom();
    const { browser, client, media } = scene;
    await client.leave();
    await media.publish(new FakeTrack("video").asTrack, { source: "camera" });
    expect(requests(browser, "produce")).toEqual([]);
    void client.join("daily");
    await browser.socket.answer("join", joinedWithMedia([]));
    await calm();
    expect(requests(browser, "produce")).toMatchObject([{ source: "camera" }]);
  });

  it("tells with a join what it will send, so that another tab may send it until then", async () => {
    const { browser, client, media } = await mediaInRoom();
    expect(requests(browser, "join")).toEqual([{ roomId: "daily" }]);
    await client.leave();
    await media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    await media.publish(new FakeTrack("video").asTrack, { source: "camera", muted: true });
    await media.publish(new FakeTrack("video").asTrack, { source: "screen" });
    void client.join("daily");
    await calm();
    expect(requests(browser, "join").at(-1)).toEqual({ roomId: "daily", sources: ["mic", "screen"] });
    await browser.socket.answer("join", joinedWithMedia([]));
    await calm();
    media.close();
    await client.leave();
    void client.join("daily");
    await calm();
    expect(requests(browser, "join").at(-1)).toEqual({ roomId: "daily" });
  });

  it("mutes and unmutes on both sides, and starts muted if the option says so", async () => {
    const { browser, media } = await mediaInRoom();
    const track = new FakeTrack("audio");
    await media.publish(track.asTrack, { source: "mic", muted: true });
    expect(requests(browser, "produce")).toMatchObject([{ paused: true }]);
    expect(track.enabled).toBe(false);
    await media.unmute("mic");
    expect(track.enabled).toBe(true);
    await media.mute("mic");
    expect(requests(browser, "resumeProducer")).toHaveLength(1);
    expect(requests(browser, "pauseProducer")).toHaveLength(1);
    expect(media.publications).toMatchObject([{ muted: true }]);
  });

  it("stops, and stops the track unless the page keeps it", async () => {
    const { browser, media } = await mediaInRoom();
    const [mic, camera] = [new FakeTrack("audio"), new FakeTrack("video")];
    await media.publish(mic.asTrack, { source: "mic" });
    await media.publish(camera.asTrack, { source: "camera", keepTrack: true });
    media.unpublish("mic");
    media.unpublish("camera");
    expect([mic.readyState, camera.readyState]).toEqual(["ended", "live"]);
    expect(requests(browser, "closeProducer")).toHaveLength(2);
    expect(media.publications).toEqual([]);
  });

  it("ends when the device was removed", async () => {
    const { browser, media } = await mediaInRoom();
    const track = new FakeTrack("audio");
    await media.publish(track.asTrack, { source: "mic" });
    track.end();
    expect(media.publications).toEqual([]);
    expect(requests(browser, "closeProducer")).toHaveLength(1);
  });

  it("fails when the service refuses it, and leaves nothing running", async () => {
    const { service, media } = await mediaInRoom();
    service.refusals.set("produce", { code: "forbidden", retryable: false });
    const track = new FakeTrack("audio");
    await expect(media.publish(track.asTrack, { source: "mic" })).rejects.toMatchObject({ code: "forbidden" });
    expect(media.publications).toEqual([]);
    expect(track.readyState).toBe("ended");
  });

  it("is repeated later when the service cannot do it at the moment", async () => {
    const { browser, service, media } = await mediaInRoom();
    service.refusals.set("createTransport", { code: "media_unavailable", retryable: true });
    await media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    expect(media.publications[0]?.producer).toBeUndefined();
    await browser.timers.advance(1_000);
    await calm();
    expect(media.publications[0]?.producer).toBeDefined();
  });
});

describe("the client itself in the roster", () => {
  const shown = ({ client }: MediaScene) =>
    client.self?.producers.map(({ source, kind, paused }) => `${source} ${kind}${paused ? " paused" : ""}`);

  it("has its producers as the others see them", async () => {
    const scene = await mediaInRoom();
    await scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic", muted: true });
    await scene.media.publish(new FakeTrack("video").asTrack, { source: "camera" });
    expect(shown(scene)).toEqual(["mic audio paused", "camera video"]);
    await scene.media.unmute("mic");
    await scene.media.mute("camera");
    expect(shown(scene)).toEqual(["mic audio", "camera video paused"]);
    scene.media.unpublish("camera");
    await calm();
    expect(shown(scene)).toEqual(["mic audio"]);
    const causes = scene.seen.flatMap(([kind, payload]) =>
      kind === "roster" && typeof payload === "object" && payload && "cause" in payload ? [payload.cause] : [],
    );
    expect(causes.slice(-2)).toEqual(["producer_paused", "producer_closed"]);
  });

  it("has no producer from before a media_reset, and has those made after it", async () => {
    const scene = await mediaInRoom();
    await scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    const before = scene.client.self?.producers[0]?.id;
    await event(scene, "media_reset", { reason: "worker_died" });
    expect(shown(scene)).toEqual(["mic audio"]);
    expect(scene.client.self?.producers[0]?.id).not.toBe(before);
  });

  it("is asked for when the service has closed a transport", async () => {
    const scene = await mediaInRoom();
    await scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    scene.service.producers.clear();
    await event(scene, "transport_closed", { transportId: "another", reason: "replaced" });
    expect(shown(scene)).toEqual([]);
  });
});

describe("what the service holds of the client's media", () => {
  const sources = ({ service }: MediaScene) => [...service.producers.values()];
  const back = (scene: MediaScene) =>
    lineComesBack(scene, { resumed: true, epoch: 2, room: room(2, person("ann"), sender("bob", "video-1")) });

  it("is one producer when the reply to the first attempt was lost with the connection", async () => {
    const scene = await mediaInRoom();
    scene.service.unheard.add("produce");
    const publishing = scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    await calm();
    expect(sources(scene)).toEqual(["mic"]);
    scene.service.unheard.clear();
    await back(scene);
    await publishing;
    expect(sources(scene)).toEqual(["mic"]);
    // mediasoup-client was not told of a failure: it would take the track out of the connection, beside what is published next.
    const [first, second] = requests(scene.browser, "produce");
    expect(second).toEqual(first);
    expect(scene.service.producers.has(String(scene.media.publications[0]?.producer?.id))).toBe(true);
  });

  it("is one producer when the reply to the first attempt did not come in time", async () => {
    const scene = await mediaInRoom();
    scene.service.unheard.add("produce");
    void scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    await calm();
    scene.service.unheard.clear();
    await scene.browser.timers.advance(10_000);
    await calm();
    expect(requests(scene.browser, "produce")).toHaveLength(2);
    expect(sources(scene)).toEqual(["mic"]);
    expect(scene.service.producers.has(String(scene.media.publications[0]?.producer?.id))).toBe(true);
  });

  it("is nothing when the page unpublished it while there was no connection", async () => {
    const scene = await mediaInRoom();
    await scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    await scene.media.publish(new FakeTrack("video").asTrack, { source: "camera" });
    await scene.browser.socket.closeWith(1006);
    scene.media.unpublish("mic");
    await back(scene);
    expect(sources(scene)).toEqual(["camera"]);
    expect(requests(scene.browser, "produce")).toHaveLength(2);
  });

  it("is one producer when the client has given up the transport of the first attempt", async () => {
    const scene = await mediaInRoom();
    await scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    setConnection(scene.transports[0], "connected");
    scene.service.refusals.set("restartIce", { code: "not_found", retryable: false });
    scene.networkChanges();
    await calm();
    expect(requests(scene.browser, "produce")).toHaveLength(2);
    expect(sources(scene)).toEqual(["mic"]);
  });

  it("stays when other code on this page has published it", async () => {
    const scene = await mediaInRoom();
    scene.service.producers.set("p-1", "whiteboard");
    await scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    await scene.browser.socket.closeWith(1006);
    scene.media.unpublish("mic");
    await back(scene);
    expect(sources(scene)).toEqual(["whiteboard"]);
  });
});

describe("subscribing", () => {
  it("receives the producers that exist and new ones, and no closed ones", async () => {
    const scene = await mediaInRoom([sender("bob", "audio-1", "video-1")]);
    expect(received(scene)).toEqual(["audio-1", "video-1"]);
    expect(requests(scene.browser, "resumeConsumer")).toHaveLength(2);
    await event(scene, "new_producer", { ...inDaily, producerId: "video-2", kind: "video", paused: false });
    await event(scene, "producer_closed", { ...inDaily, producerId: "video-1" });
    expect(received(scene)).toEqual(["audio-1", "video-2"]);
    expect(scene.heard.map(([kind]) => kind)).toEqual(["track_added", "track_added", "track_added", "track_removed"]);
    expect(requests(scene.browser, "closeConsumer")).toEqual([]);
  });

  it("loses the tracks of a participant who has left", async () => {
    const scene = await mediaInRoom([sender("bob", "audio-1")]);
    const gone = { userId: "bob", name: "bob", sessionId: "s-bob", reason: "idle", count: 1, participants: ["ann"] };
    await event(scene, "user_left", { roomId: "daily", version: 2, ...gone });
    expect(received(scene)).toEqual([]);
  });

  it("receives only the producers that the page has chosen", async () => {
    const scene = await mediaInRoom([sender("bob", "audio-1", "video-1")], { subscribe: "none" });
    expect(received(scene)).toEqual([]);
    await scene.media.subscribe("video-1");
    expect(received(scene)).toEqual(["video-1"]);
    await scene.media.subscribeTo(({ producer }) => producer.kind === "audio");
    expect(received(scene)).toEqual(["audio-1"]);
    expect(requests(scene.browser, "closeConsumer")).toHaveLength(1);
    await scene.media.unsubscribe("audio-1");
    expect(received(scene)).toEqual([]);
  });

  it("asks once for what the service refuses, and again for what it cannot give yet", async () => {
    const scene = await mediaInRoom();
    const participant = sender("bob", "audio-1");
    scene.service.refusals.set("consume", { code: "forbidden", retryable: false });
    await event(scene, "user_joined", { roomId: "daily", version: 2, participant });
    await event(scene, "user_away", { ...inDaily, version: 3, reason: "silent" });
    expect(requests(scene.browser, "consume")).toHaveLength(1);

    scene.service.refusals.clear();
    scene.service.refusals.set("consume", { code: "internal", retryable: true });
    await event(scene, "new_producer", { ...inDaily, producerId: "audio-2", kind: "audio", paused: false });
    await scene.browser.timers.advance(1_000);
    await calm();
    expect(received(scene)).toEqual(["audio-2"]);
  });

  it("starts the flow when the reply to the resume was lost with the connection", async () => {
    const scene = await mediaInRoom();
    scene.service.unheard.add("resumeConsumer");
    await event(scene, "user_joined", { roomId: "daily", version: 2, participant: sender("bob", "video-1") });
    expect(received(scene)).toEqual(["video-1"]);
    scene.service.unheard.clear();
    const again = room(2, person("ann"), sender("bob", "video-1"));
    await lineComesBack(scene, { resumed: true, epoch: 2, room: again });
    const { consumerId } = requests(scene.browser, "resumeConsumer")[0] ?? {};
    expect(requests(scene.browser, "resumeConsumer")).toEqual([{ consumerId }, { consumerId }]);
    expect(requests(scene.browser, "consume")).toHaveLength(1);
    expect(scene.heard.map(([kind]) => kind)).toEqual(["track_added"]);
  });

  it("is tried again when no answer came in time", async () => {
    const scene = await mediaInRoom();
    scene.service.silent.add("consume");
    await event(scene, "user_joined", { roomId: "daily", version: 2, participant: sender("bob", "video-1") });
    await scene.browser.timers.advance(10_000);
    await calm();
    scene.service.silent.clear();
    await scene.browser.timers.advance(1_000);
    await calm();
    expect(received(scene)).toEqual(["video-1"]);
  });

  it("reports what the browser cannot receive, and leaves no consumer of it", async () => {
    const scene = await mediaInRoom();
    vi.spyOn(FakeHandler.prototype, "receive").mockRejectedValueOnce(new Error("no such codec"));
    await event(scene, "user_joined", { roomId: "daily", version: 2, participant: sender("bob", "video-1") });
    await event(scene, "user_away", { ...inDaily, version: 3, reason: "silent" });
    expect(scene.heard).toMatchObject([
      ["error", { doing: "subscribe to video-1", error: { message: "no such codec" } }],
    ]);
    expect(requests(scene.browser, "consume")).toHaveLength(1);
    expect(requests(scene.browser, "closeConsumer")).toHaveLength(1);
    // Another transport has another peer connection, which may take it.
    await event(scene, "media_reset", { reason: "worker_died" });
    expect(received(scene)).toEqual(["video-1"]);
  });

  it("asks for a quality", async () => {
    const { browser, media } = await mediaInRoom([sender("bob", "video-1")]);
    await media.setPreferredLayers("video-1", 2, 1);
    expect(requests(browser, "setPreferredLayers")).toMatchObject([{ spatialLayer: 2, temporalLayer: 1 }]);
    await expect(media.setPreferredLayers("video-9", 2)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("after a loss", () => {
  /** Sends a microphone and receives a camera. */
  async function talking(): Promise<MediaScene & { mic: FakeTrack }> {
    const scene = await mediaInRoom([sender("bob", "video-1")]);
    const mic = new FakeTrack("audio");
    await scene.media.publish(mic.asTrack, { source: "mic" });
    for (const transport of scene.transports) setConnection(transport, "connected");
    return { ...scene, mic };
  }

  /**
   * Is about to send a microphone and to receive one; that the transports are connected has not been heard. A browser
   * is in the middle of a negotiation then: it can be ended, but not begun again.
   */
  async function unconnected(): Promise<MediaScene & { begun: () => number }> {
    const begun = (["send", "receive"] as const).map((name) => vi.spyOn(FakeHandler.prototype, name));
    const scene = await mediaInRoom();
    scene.service.unheard.add("connectTransport");
    void scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    await event(scene, "user_joined", { roomId: "daily", version: 2, participant: sender("bob", "audio-1") });
    expect(requests(scene.browser, "connectTransport")).toHaveLength(2);
    scene.service.unheard.clear();
    return { ...scene, begun: () => begun.reduce((sum, { mock }) => sum + mock.calls.length, 0) };
  }

  const both = room(2, person("ann"), sender("bob", "video-1"));

  it("of the connection: media that still exists goes on", async () => {
    const scene = await talking();
    await lineComesBack(scene, { resumed: true, epoch: 2, room: both });
    expect(scene.transports.map(({ closed }) => closed)).toEqual([false, false]);
    expect(requests(scene.browser, "restartIce")).toEqual([]);
  });

  it("of the connection and of packets: ICE is restarted when the connection is back", async () => {
    const scene = await talking();
    for (const transport of scene.transports) setConnection(transport, "disconnected");
    await lineComesBack(scene, { resumed: true, epoch: 2, room: both });
    expect(requests(scene.browser, "restartIce")).toHaveLength(2);
  });

  it("of the page to the back/forward cache: no transport stays open there, and all media is made again after it", async () => {
    const scene = await talking();
    await scene.browser.page.signal({ kind: "hide", persisted: true });
    expect(scene.transports.map(({ closed }) => closed)).toEqual([true, true]);
    expect(received(scene)).toEqual([]);
    await scene.browser.page.signal({ kind: "wake", cause: "pageshow" });
    scene.service.serve(scene.browser.socket);
    await scene.browser.socket.open();
    await scene.browser.socket.answer("hello", hello({ resumed: true, epoch: 2, room: both }));
    await event(scene, "media_reset", { reason: "page_reloaded" });
    await calm();
    expect(scene.transports.filter(({ closed }) => !closed)).toHaveLength(2);
    expect(scene.mic.readyState).toBe("live");
    expect(scene.media.publications[0]?.producer?.closed).toBe(false);
    expect(received(scene)).toEqual(["video-1"]);
  });

  it("of the page to the back/forward cache, and back before the service knows it: one producer of each source", async () => {
    const scene = await talking();
    await scene.browser.page.signal({ kind: "hide", persisted: true });
    await scene.browser.page.signal({ kind: "wake", cause: "pageshow" });
    scene.service.serve(scene.browser.socket);
    await scene.browser.socket.open();
    await scene.browser.socket.answer("hello", hello({ resumed: true, epoch: 2, room: both }));
    await calm();
    expect([...scene.service.producers.values()]).toEqual(["mic"]);
    expect(scene.service.producers.has(String(scene.media.publications[0]?.producer?.id))).toBe(true);
  });

  it("of the session: everything is made again with the same tracks", async () => {
    const scene = await talking();
    await lineComesBack(scene, { sessionId: "s-new" });
    await scene.browser.socket.answer("join", joinedWithMedia([sender("bob", "video-1")], { sessionId: "s-new" }));
    await calm();
    expect(scene.transports.map(({ closed }) => closed)).toEqual([true, true, false, false]);
    expect(scene.mic.readyState).toBe("live");
    expect(requests(scene.browser, "produce")).toHaveLength(2);
    expect(received(scene)).toEqual(["video-1"]);
  });

  it("of all media on the service: everything is made again with the same tracks", async () => {
    const scene = await talking();
    await event(scene, "media_reset", { reason: "worker_died" });
    expect(scene.transports.map(({ closed }) => closed)).toEqual([true, true, false, false]);
    expect(scene.mic.readyState).toBe("live");
    expect(scene.media.publications[0]?.producer?.closed).toBe(false);
    expect(received(scene)).toEqual(["video-1"]);
  });

  it("of all media while a track is being published: the track is published again", async () => {
    const scene = await mediaInRoom();
    const camera = new FakeTrack("video");
    scene.service.silent.add("produce");
    const publishing = scene.media.publish(camera.asTrack, { source: "camera" });
    await calm();
    scene.service.silent.clear();
    await event(scene, "media_reset", { reason: "worker_died" });
    await publishing;
    await calm();
    expect(camera.readyState).toBe("live");
    expect(scene.media.publications[0]?.producer?.closed).toBe(false);
    expect(scene.transports.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it("of all media while a track is about to be received: the track is still received", async () => {
    const scene = await mediaInRoom();
    // What a browser does for a peer connection that is closed meanwhile never comes to an end.
    vi.spyOn(FakeHandler.prototype, "receive").mockReturnValueOnce(new Promise(() => {}));
    await event(scene, "user_joined", { roomId: "daily", version: 2, participant: sender("bob", "video-1") });
    expect(received(scene)).toEqual([]);
    await event(scene, "media_reset", { reason: "worker_died" });
    expect(received(scene)).toEqual(["video-1"]);
    expect(scene.heard.map(([kind]) => kind)).toEqual(["rebuilt", "track_added"]);
  });

  it("of all media while the client waits for its next attempt: the client tries at once", async () => {
    const scene = await mediaInRoom();
    scene.service.refusals.set("createTransport", { code: "media_unavailable", retryable: true });
    await scene.media.publish(new FakeTrack("audio").asTrack, { source: "mic" });
    expect(scene.media.publications[0]?.producer).toBeUndefined();
    await event(scene, "media_reset", { reason: "worker_died" });
    expect(scene.media.publications[0]?.producer).toBeDefined();
  });

  it("of the connection before the reply about a transport: the client tells the service again, and media flows over that transport", async () => {
    const scene = await unconnected();
    await lineComesBack(scene, { resumed: true, epoch: 2, room: room(2, person("ann"), sender("bob", "audio-1")) });
    expect(scene.begun()).toBe(2);
    const [first, second, ...again] = requests(scene.browser, "connectTransport");
    expect(again).toEqual([first, second]);
    expect(scene.transports.map(({ closed }) => closed)).toEqual([false, false]);
    expect(scene.media.publications[0]?.producer?.closed).toBe(false);
    expect(received(scene)).toEqual(["audio-1"]);
    expect(scene.heard.map(([kind]) => kind)).toEqual(["track_added"]);
  });

  it("of the reply about a transport: the client tells the service again", async () => {
    const scene = await unconnected();
    await scene.browser.timers.advance(15_000);
    await calm();
    expect(scene.begun()).toBe(2);
    expect(scene.transports.map(({ closed }) => closed)).toEqual([false, false]);
    expect(scene.media.publications[0]?.producer?.closed).toBe(false);
    expect(received(scene)).toEqual(["audio-1"]);
  });

  it("of the session while a transport is being connected: everything is made again", async () => {
    const scene = await unconnected();
    await lineComesBack(scene, { sessionId: "s-new" });
    await scene.browser.socket.answer("join", joinedWithMedia([sender("bob", "audio-1")], { sessionId: "s-new" }));
    await calm();
    expect(scene.transports.map(({ closed }) => closed)).toEqual([true, true, false, false]);
    expect(scene.media.publications[0]?.producer?.closed).toBe(false);
    expect(received(scene)).toEqual(["audio-1"]);
  });

  it("of one transport on the service: the client makes that transport again", async () => {
    const scene = await talking();
    const send = scene.transports.find(({ direction }) => direction === "send");
    await event(scene, "transport_closed", { transportId: send?.id, reason: "connect_timeout" });
    expect(scene.transports.filter(({ closed }) => closed)).toEqual([send]);
    expect(scene.transports).toHaveLength(3);
  });

  it("of packets: ICE is restarted after three seconds, and the transport is replaced if that does not help", async () => {
    const scene = await talking();
    const [first] = scene.transports;
    setConnection(first, "disconnected");
    // The connection is asked as well, and answers.
    expect(scene.browser.socket.pings).toHaveLength(1);
    await scene.browser.socket.receive({ type: "pong" });
    await scene.browser.timers.advance(3_000);
    await calm();
    expect(requests(scene.browser, "restartIce")).toEqual([{ transportId: first?.id }]);
    await scene.browser.timers.advance(8_000);
    await calm();
    expect(first?.closed).toBe(true);
    expect(scene.transports).toHaveLength(3);
    expect(scene.heard.map(([kind]) => kind)).toContain("rebuilt");
  });

  it("of the packets of one track: the connection is checked, unless the sender has paused the track", async () => {
    const scene = await talking();
    const [remote] = scene.media.tracks;
    remote?.track.dispatchEvent(new Event("mute"));
    expect(scene.browser.socket.pings).toHaveLength(1);
    await scene.browser.socket.receive({ type: "pong" });
    const paused = { roomId: "daily", userId: "bob", sessionId: "s-bob", producerId: "video-1" };
    await event(scene, "producer_paused", paused);
    await scene.browser.timers.advance(1_000);
    remote?.track.dispatchEvent(new Event("mute"));
    expect(scene.browser.socket.pings).toHaveLength(1);
  });

  it("of packets: ICE is restarted later when the service cannot do it now", async () => {
    const scene = await talking();
    scene.service.refusals.set("restartIce", { code: "media_unavailable", retryable: true });
    setConnection(scene.transports[0], "failed");
    await calm();
    await scene.browser.socket.receive({ type: "pong" });
    await scene.browser.timers.advance(3_000);
    await calm();
    expect(requests(scene.browser, "restartIce")).toHaveLength(2);
    expect(scene.transports.map(({ closed }) => closed)).toEqual([false, false]);
  });

  it("of packets for a moment: the client does nothing", async () => {
    const scene = await talking();
    setConnection(scene.transports[0], "disconnected");
    setConnection(scene.transports[0], "connected");
    await scene.browser.socket.receive({ type: "pong" });
    await scene.browser.timers.advance(20_000);
    expect(requests(scene.browser, "restartIce")).toEqual([]);
  });

  it("of the network: ICE is restarted at once", async () => {
    const scene = await talking();
    scene.networkChanges();
    await calm();
    expect(requests(scene.browser, "restartIce")).toHaveLength(2);
  });
});

describe("leaving", () => {
  class FakeStream {
    readonly #tracks = new Set<unknown>();
    getTracks = () => [...this.#tracks];
    addTrack = (track: unknown) => this.#tracks.add(track);
    removeTrack = (track: unknown) => this.#tracks.delete(track);
  }

  afterEach(() => vi.unstubAllGlobals());

  it("stops local tracks, closes transports, empties elements, and leaves no timer", async () => {
    vi.stubGlobal("MediaStream", FakeStream);
    const scene = await mediaInRoom([sender("bob", "video-1")]);
    const { browser, client, media, transports } = scene;
    const camera = new FakeTrack("video");
    await media.publish(camera.asTrack, { source: "camera" });
    const [own, theirs] = [{} as HTMLVideoElement, {} as HTMLVideoElement];
    media.attach(own, camera.asTrack);
    media.attach(theirs, media.tracks[0]?.track as MediaStreamTrack);
    expect(theirs.srcObject).toBeInstanceOf(FakeStream);
    setConnection(transports[0], "disconnected");
    await client.leave();
    expect(camera.readyState).toBe("ended");
    expect(transports.every(({ closed }) => closed)).toBe(true);
    expect([own.srcObject, theirs.srcObject]).toEqual([null, null]);
    expect([media.publications, media.tracks]).toEqual([[], []]);
    // What is left is the client's heartbeat and its question whether the connection is alive.
    expect(browser.timers.count).toBe(2);
  });

  it("does every step even if one of them fails, and can happen twice", async () => {
    const { media, transports, heard } = await mediaInRoom([sender("bob", "video-1")]);
    const [broken, fine] = [new FakeTrack("audio"), new FakeTrack("video")];
    broken.stop = () => {
      throw new Error("stuck device");
    };
    await media.publish(broken.asTrack, { source: "mic" });
    await media.publish(fine.asTrack, { source: "camera" });
    media.reset();
    media.reset();
    expect(fine.readyState).toBe("ended");
    expect(transports.every(({ closed }) => closed)).toBe(true);
    expect(heard.at(-1)).toMatchObject(["error", { doing: "stop mic" }]);
  });

  it("removes all listeners when the client stops", async () => {
    const scene = await mediaInRoom();
    scene.media.close();
    scene.networkChanges();
    await event(scene, "user_joined", { roomId: "daily", version: 2, participant: sender("bob", "audio-1") });
    expect(requests(scene.browser, "consume")).toEqual([]);
  });

  it("also takes back a track that is just being published", async () => {
    const { browser, client, media, transports } = await mediaInRoom();
    const track = new FakeTrack("audio");
    const publishing = media.publish(track.asTrack, { source: "mic" });
    await client.leave();
    await publishing;
    await calm();
    expect(track.readyState).toBe("ended");
    expect(transports.every(({ closed }) => closed)).toBe(true);
    expect(media.publications).toEqual([]);
    expect(requests(browser, "leave")).toHaveLength(1);
  });
});
