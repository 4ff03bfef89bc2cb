import fc from "fast-check";
import { expect } from "vitest";
import { type JsonObject, LastseenError } from "@lastseen/protocol";
import { capabilitiesOf, joinAndSend, joinToReceive, mediaTest, opus, startMedia, vp8 } from "./support.js";

const FINGERPRINT = { algorithm: "sha-256", value: Array(32).fill("AB").join(":") };
/** JSON that passes for an object but can be turned into neither a number nor a text. */
const POISON = { valueOf: 1, toString: 1 };

const badMessage = expect.objectContaining({ code: "bad_message" }) as LastseenError;

/** Replaces the value at a path; numbers in the path are indices. */
function withValue(source: JsonObject, path: readonly (string | number)[], value: unknown): JsonObject {
  const copy = structuredClone(source);
  let target = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
  target[path.at(-1) ?? ""] = value;
  return copy;
}

/** All paths to a value inside. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [[...path]];
  const inner = Array.isArray(value)
    ? value.flatMap((item, index) => pathsOf(item, [...path, index]))
    : Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]));
  return path.length === 0 ? inner : [[...path], ...inner];
}

mediaTest("parameters that do not fit are bad_message, and the worker serves everybody as before", async () => {
  const media = await startMedia();
  const { media: session, sendId: transportId, audioId } = await joinAndSend(media, "room", "hostile");
  await session.createTransport("recv");
  const video = vp8();
  const bad: [string, JsonObject][] = [
    // mediasoup cannot write these and, unchecked, would leave the worker's message buffer broken for all rooms.
    ["a bit rate that is none", withValue(video, ["encodings", 0, "maxBitrate"], "fast")],
    ["a bit rate below zero", withValue(video, ["encodings", 0, "maxBitrate"], -1)],
    ["a number that is none", withValue(video, ["encodings", 0, "codecPayloadType"], POISON)],
    ["no codecs", withValue(video, ["codecs"], [])],
    ["another kind's codec", withValue(opus(), ["codecs", 0, "mimeType"], "video/VP8")],
    ["an unknown codec", withValue(video, ["codecs", 0, "mimeType"], "video/AV17")],
    ["a payload type out of range", withValue(video, ["codecs", 0, "payloadType"], 300)],
    ["RTX that repeats itself", withValue(video, ["codecs", 1, "parameters", "apt"], 97)],
    ["RTX without a clock", withValue(video, ["codecs", 1, "clockRate"], 0)],
    ["an unknown header extension", withValue(video, ["headerExtensions", 0, "uri"], "urn:unknown")],
    ["an extension number of zero", withValue(video, ["headerExtensions", 0, "id"], 0)],
    ["a CNAME too long for RTCP", withValue(video, ["rtcp", "cname"], "x".repeat(256))],
    [
      "thousands of encodings",
      withValue(
        video,
        ["encodings"],
        Array.from({ length: 2000 }, () => ({ rid: "r" })),
      ),
    ],
    ["layers beyond all bounds", withValue(video, ["encodings", 0, "scalabilityMode"], "L99T99")],
    ["nothing", {}],
  ];
  for (const [name, rtpParameters] of bad) {
    const kind = name === "another kind's codec" ? "audio" : "video";
    await expect(session.produce({ transportId, kind, rtpParameters }), name).rejects.toEqual(badMessage);
  }
  const fingerprints: unknown[] = [undefined, [], [POISON], [{ ...FINGERPRINT, value: "AB" }], [{ algorithm: "md5" }]];
  for (const list of fingerprints) {
    await expect(session.connectTransport(transportId, { fingerprints: list })).rejects.toEqual(badMessage);
  }
  await expect(session.connectTransport(transportId, { role: "boss", fingerprints: [FINGERPRINT] })).rejects.toEqual(
    badMessage,
  );
  const video8: JsonObject = { kind: "video", mimeType: "video/VP8", clockRate: 90000 };
  const capabilities: JsonObject[] = [
    {},
    { codecs: "all" },
    { codecs: [video8] },
    { codecs: [{ ...video8, mimeType: "opus" }] },
    { codecs: [{ mimeType: "audio/opus", clockRate: 48000, channels: 2, rtcpFeedback: [{ type: POISON }] }] },
    { codecs: [], headerExtensions: [{ kind: "audio", uri: "urn:x", preferredId: 999 }] },
  ];
  for (const rtpCapabilities of capabilities) {
    await expect(session.consume({ producerId: audioId, rtpCapabilities })).rejects.toEqual(badMessage);
  }
  expect(session.counts()).toEqual({ transports: 2, producers: 2, consumers: 0 });
  await joinAndSend(media, "another room", "somebody else");
  expect(media.log.filter(({ level }) => level === "error")).toEqual([]);
});

mediaTest("what pages send that is only unusual is taken", async () => {
  const media = await startMedia();
  const { media: session, sendId: transportId, videoId } = await joinAndSend(media, "room", "unusual");
  await session.createTransport("recv");
  const fractional = withValue(vp8(), ["encodings", 0, "maxBitrate"], 100_000.5);
  const extra = withValue(fractional, ["encodings", 1, "scaleResolutionDownBy"], 2);
  await session.produce({ transportId, kind: "video", rtpParameters: withValue(extra, ["rtcp", "mux"], true) });
  const known = capabilitiesOf(session);
  const codecs = [
    { kind: "audio", mimeType: "audio/telephone-event", clockRate: 8000, preferredPayloadType: 126 },
    ...(known["codecs"] as object[]),
  ];
  const headerExtensions = [
    { kind: "video", uri: "urn:of:another:time", preferredId: 14 },
    ...(known["headerExtensions"] as object[]),
  ];
  await session.consume({ producerId: videoId, rtpCapabilities: { codecs, headerExtensions, fecMechanisms: [] } });
  expect(session.counts()).toMatchObject({ producers: 3, consumers: 1 });
});

mediaTest("a transport is connected once only; who says the same again gets the same answer again", async () => {
  const media = await startMedia();
  const { media: session, sendId } = await joinAndSend(media, "room", "s");
  const connect = (value: string) =>
    session.connectTransport(sendId, { role: "client", fingerprints: [{ ...FINGERPRINT, value }] });
  await expect(connect("no fingerprint")).rejects.toEqual(badMessage);
  await Promise.all([connect(FINGERPRINT.value), connect(FINGERPRINT.value)]);
  await connect(FINGERPRINT.value);
  const other = FINGERPRINT.value.replaceAll("AB", "CD");
  await expect(connect(other)).rejects.toEqual(badMessage);
  await connect(FINGERPRINT.value);
});

mediaTest("parameters with anything anywhere in them never harm the worker", async () => {
  const media = await startMedia({ sessionLimits: { producers: 10_000, consumers: 10_000 } });
  const victim = await joinAndSend(media, "room of the others", "victim");
  const { media: session, sendId: transportId, videoId } = await joinAndSend(media, "room", "hostile");
  const { media: receiver } = await joinToReceive(media, "room", "hostile too");
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      POISON,
      0,
      -1,
      1.5,
      2 ** 31,
      2 ** 32,
      2 ** 53,
      1e308,
      "",
      "\0",
      "é".repeat(300),
      [],
      {},
      null,
    ),
    fc.integer({ min: 0, max: 300 }),
  );
  const changes = (source: JsonObject) =>
    fc.array(fc.tuple(fc.constantFrom(...pathsOf(source)), anything), { minLength: 1, maxLength: 3 });
  const change = (source: JsonObject, list: [(string | number)[], unknown][]): JsonObject =>
    list.reduce((changed, [path, value]) => {
      try {
        return withValue(changed, path, value);
      } catch {
        return changed; // An earlier change has taken the place of what this one would go into.
      }
    }, source);
  const tolerated = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof LastseenError) || error.code !== "bad_message") throw error;
    }
  };

  const capabilities = capabilitiesOf(receiver);
  await fc.assert(
    fc.asyncProperty(changes(vp8()), changes(opus()), changes(capabilities), async (forVideo, forAudio, forCaps) => {
      await tolerated(session.produce({ transportId, kind: "video", rtpParameters: change(vp8(), forVideo) }));
      await tolerated(session.produce({ transportId, kind: "audio", rtpParameters: change(opus(), forAudio) }));
      await tolerated(receiver.consume({ producerId: videoId, rtpCapabilities: change(capabilities, forCaps) }));
      await victim.media.restartIce(victim.sendId);
    }),
    { numRuns: 300 },
  );
  expect(media.workers.map(({ died }) => died)).toEqual([false]);
  // What was taken can be consumed and is freed like everything else.
  for (const { id: producerId } of session.producers.slice(0, 50)) {
    await tolerated(receiver.consume({ producerId, rtpCapabilities: capabilities }));
  }
  session.close();
  receiver.close();
  await Promise.all([session.verifyClosed(), receiver.verifyClosed()]);
  expect(media.plane.counts()).toMatchObject({ router: 1, transport: 1, producer: 2, consumer: 0 });
});
