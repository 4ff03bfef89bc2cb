/** Another track goes into the same publication: nobody else notices a change of the device. */
import { describe, expect, it, vi } from "vitest";
import { calm, FakeTrack, joinedWithMedia, mediaInRoom, requests, setConnection } from "./fake-media.js";

async function publishing(options: { muted?: boolean; keepTrack?: boolean; afterEnd?: () => Promise<undefined> } = {}) {
  const scene = await mediaInRoom();
  const track = new FakeTrack("audio");
  await scene.media.publish(track.asTrack, { source: "mic", ...options });
  return { ...scene, track };
}

const sent = ({ media }: Awaited<ReturnType<typeof publishing>>) =>
  media.publications.map(({ producer }) => producer?.track);

describe("replacing a track", () => {
  it("keeps the producer, stops the track before it, and tells the page", async () => {
    const scene = await publishing();
    const { browser, media, track } = scene;
    const changes = vi.fn();
    media.on("publications", changes);
    const next = new FakeTrack("audio");
    await media.replaceTrack("mic", next.asTrack);
    expect(sent(scene)).toEqual([next]);
    expect(media.publications).toMatchObject([{ source: "mic", track: next }]);
    expect(requests(browser, "produce")).toHaveLength(1);
    expect(requests(browser, "closeProducer")).toEqual([]);
    expect([track.readyState, next.readyState]).toEqual(["ended", "live"]);
    expect(changes).toHaveBeenCalledTimes(1);
  });

  it("leaves the track before it running if it was published so", async () => {
    const { media, track } = await publishing({ keepTrack: true });
    await media.replaceTrack("mic", new FakeTrack("audio").asTrack);
    expect(track.readyState).toBe("live");
  });

  it("stays muted", async () => {
    const { browser, media } = await publishing({ muted: true });
    const next = new FakeTrack("audio");
    await media.replaceTrack("mic", next.asTrack);
    expect(next.enabled).toBe(false);
    await media.unmute("mic");
    expect(next.enabled).toBe(true);
    expect(requests(browser, "resumeProducer")).toHaveLength(1);
  });

  it("refuses what does not fit, and the publication goes on", async () => {
    const scene = await publishing();
    const { media, track } = scene;
    const ended = new FakeTrack("audio");
    ended.stop();
    await expect(media.replaceTrack("camera", new FakeTrack("video").asTrack)).rejects.toThrow(
      'Nothing is published as "camera"',
    );
    await expect(media.replaceTrack("mic", new FakeTrack("video").asTrack)).rejects.toThrow(
      'track must have the kind of "mic", audio; it has video.',
    );
    await expect(media.replaceTrack("mic", ended.asTrack)).rejects.toMatchObject({ code: "bad_message" });
    expect(sent(scene)).toEqual([track]);
    expect(track.readyState).toBe("live");
  });

  it("waits with the newest track while there is no room", async () => {
    const { browser, client, media, track } = await publishing({ keepTrack: true });
    await client.leave();
    await media.publish(track.asTrack, { source: "mic", keepTrack: true });
    const next = new FakeTrack("audio");
    await media.replaceTrack("mic", next.asTrack);
    void client.join("daily");
    await browser.socket.answer("join", joinedWithMedia([]));
    await calm();
    expect(media.publications[0]?.producer?.track).toBe(next);
  });

  it("keeps the newest track when the transport is lost", async () => {
    const scene = await publishing();
    const next = new FakeTrack("audio");
    const replacing = scene.media.replaceTrack("mic", next.asTrack);
    scene.service.refusals.set("restartIce", { code: "not_found", retryable: false });
    setConnection(scene.transports[0], "failed");
    await calm();
    await replacing;
    expect(sent(scene)).toEqual([next]);
    expect(requests(scene.browser, "produce")).toHaveLength(2);
  });

  it("takes the newest of two tracks that come at once", async () => {
    const scene = await publishing();
    const [second, third] = [new FakeTrack("audio"), new FakeTrack("audio")];
    await Promise.all([
      scene.media.replaceTrack("mic", second.asTrack),
      scene.media.replaceTrack("mic", third.asTrack),
    ]);
    expect(sent(scene)).toEqual([third]);
    expect([scene.track.readyState, second.readyState, third.readyState]).toEqual(["ended", "ended", "live"]);
  });
});

describe("a track that ends by itself", () => {
  it("gives its place to the track that the page has for this case", async () => {
    const next = new FakeTrack("audio");
    const scene = await mediaInRoom();
    const track = new FakeTrack("audio");
    await scene.media.publish(track.asTrack, { source: "mic", afterEnd: () => Promise.resolve(next.asTrack) });
    track.end();
    await calm();
    expect(scene.media.publications).toMatchObject([{ track: next }]);
    expect(requests(scene.browser, "produce")).toHaveLength(1);
  });

  it("ends the publication when the page has none, or fails", async () => {
    for (const afterEnd of [() => Promise.resolve(undefined), () => Promise.reject(new Error("no device"))]) {
      const { browser, media, track } = await publishing({ afterEnd });
      track.end();
      await calm();
      expect(media.publications).toEqual([]);
      expect(requests(browser, "closeProducer")).toHaveLength(1);
    }
  });

  it("leaves no device open when the track that the page has for this case does not fit", async () => {
    const scene = await mediaInRoom();
    const [track, next] = [new FakeTrack("audio"), new FakeTrack("video")];
    await scene.media.publish(track.asTrack, { source: "mic", afterEnd: () => Promise.resolve(next.asTrack) });
    track.end();
    await calm();
    expect(scene.media.publications).toEqual([]);
    expect(next.readyState).toBe("ended");
  });

  it("leaves no device open when the browser can't send the next track", async () => {
    const scene = await mediaInRoom();
    const [track, next] = [new FakeTrack("audio"), new FakeTrack("audio")];
    await scene.media.publish(track.asTrack, { source: "mic", afterEnd: () => Promise.resolve(next.asTrack) });
    const [publication] = scene.media.publications;
    if (!publication?.producer) throw new Error("nothing is published");
    publication.producer.replaceTrack = () => Promise.reject(new Error("the browser refuses it"));
    track.end();
    await calm();
    expect(scene.media.publications).toEqual([]);
    expect(next.readyState).toBe("ended");
  });
});

describe("a client that has stopped", () => {
  it("does not listen to the network any more, and does when it starts again", async () => {
    const listening = new Set<object>();
    const network = {
      listen: () => {
        const listener = {};
        listening.add(listener);
        return () => listening.delete(listener);
      },
    };
    const { browser, client } = await mediaInRoom([], { network });
    expect(listening.size).toBe(1);
    const stopping = client.disconnect();
    await browser.socket.answer("beforeDisconnect", {});
    await stopping;
    expect(listening.size).toBe(0);
    client.reconnect();
    expect(listening.size).toBe(1);
  });
});
