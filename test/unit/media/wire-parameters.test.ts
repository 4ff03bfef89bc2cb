import { expect, test } from "vitest";
import { readDtlsParameters, readRtpCapabilities, readRtpParameters } from "../../../src/media/rtp/wire-parameters.js";

const SHA256 = Array(32).fill("0a").join(":");

test("only fields that mediasoup knows are passed on", () => {
  const opus = { mimeType: "audio/opus", payloadType: 111, clockRate: 48000, channels: 2, parameters: { usedtx: 1 } };
  const given = {
    mid: "0",
    codecs: [{ ...opus, rtcpFeedback: [{ type: "nack", parameter: "", extra: 1 }], extra: 1 }],
    headerExtensions: [{ uri: "urn:ietf:params:rtp-hdrext:sdes:mid", id: 1, encrypt: false, parameters: {} }],
    encodings: [{ ssrc: 1, dtx: true, active: true, networkPriority: "high" }],
    rtcp: { cname: "c", reducedSize: true, mux: true },
    msid: "a b",
    extra: 1,
  };
  expect(readRtpParameters(given, "audio")).toEqual({
    mid: "0",
    codecs: [{ ...opus, rtcpFeedback: [{ type: "nack", parameter: "" }] }],
    headerExtensions: [{ uri: "urn:ietf:params:rtp-hdrext:sdes:mid", id: 1, encrypt: false, parameters: {} }],
    encodings: [{ ssrc: 1, dtx: true }],
    rtcp: { cname: "c", reducedSize: true },
    msid: "a b",
  });
});

test("fields that are null count as left out", () => {
  const codecs = [{ mimeType: "video/VP8", payloadType: 96, clockRate: 90000, parameters: null, rtcpFeedback: null }];
  expect(readRtpParameters({ mid: null, codecs, encodings: null, rtcp: null }, "video")).toEqual({
    codecs: [{ mimeType: "video/VP8", payloadType: 96, clockRate: 90000 }],
  });
  expect(readRtpCapabilities({ codecs: null })).toEqual({ codecs: [], headerExtensions: [] });
});

test("texts may be empty when a browser has no value for them", () => {
  const codecs = [{ mimeType: "video/VP8", payloadType: 96, clockRate: 90000 }];
  const empty = { mid: "", codecs, rtcp: { cname: "" }, msid: "" };
  expect(readRtpParameters(empty, "video")).toEqual(empty);
});

test("format parameters may have special names such as __proto__ and do not change any prototype", () => {
  const parameters = JSON.parse('{ "__proto__": "x", "constructor": 1, "x-google-start-bitrate": 1000.5 }') as object;
  const codecs = [{ mimeType: "video/VP8", payloadType: 96, clockRate: 90000, parameters }];
  const [codec] = readRtpParameters({ codecs }, "video").codecs;
  expect(Object.entries(codec?.parameters ?? {})).toEqual([
    ["__proto__", "x"],
    ["constructor", 1],
    ["x-google-start-bitrate", 1000.5],
  ]);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

test("an error names the place of the problem", () => {
  const codecs = [{ mimeType: "video/VP8", payloadType: 96, clockRate: 90000 }];
  const encodings = [{}, { ssrc: 2 ** 32 }];
  expect(() => readRtpParameters({ codecs, encodings }, "video")).toThrow(
    "rtpParameters.encodings[1].ssrc must be an integer from 1 to 4294967295.",
  );
  expect(() => readRtpParameters({ codecs }, "audio")).toThrow("must be of kind audio");
  expect(() => readRtpParameters([], "audio")).toThrow("rtpParameters must be an object.");
});

test("the name of a format parameter is checked like its value, and an error repeats no long name", () => {
  const read = (parameters: object) =>
    readRtpParameters({ codecs: [{ mimeType: "video/VP8", payloadType: 96, clockRate: 90000, parameters }] }, "video");
  const path = "rtpParameters.codecs[0].parameters";
  expect(() => read({ "two words": 1 })).toThrow(`${path}.two words is not a valid name.`);
  expect(() => read({ mode: true })).toThrow(`${path}.mode must be a text of at most 1024 printable characters, or`);
  expect(() => read({ mode: 2 ** 31 })).toThrow(`${path}.mode must be`);
  expect(() => read(Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`p${n}`, 1])))).toThrow(
    `${path} must be an object of at most 64 entries.`,
  );
  expect(() => read({ ["x".repeat(10_000)]: 1 })).toThrow(/^.{100,200}$/);
});

test("an error names a missing field, and a list with too many entries", () => {
  const codec = { mimeType: "video/VP8", payloadType: 96, clockRate: 90000 };
  expect(() => readRtpParameters({ codecs: [codec, { ...codec, clockRate: null }] }, "video")).toThrow(
    "rtpParameters.codecs[1].clockRate is missing.",
  );
  expect(() => readRtpParameters({ codecs: Array.from({ length: 2000 }, () => codec) }, "video")).toThrow(
    "rtpParameters.codecs must be a list of 1 to 32 entries.",
  );
  expect(() => readRtpCapabilities({ codecs: [{ ...codec, mimeType: "text/plain" }] })).toThrow(
    "rtpCapabilities.codecs[0].mimeType must be a media type of audio or video.",
  );
});

const FIT = { mimeType: "video/VP8", payloadType: 96, clockRate: 90000 };
const manyWrong = Array.from({ length: 20_000 }, () => ({ "\0": 1 }));
const manyNames = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`wrong name ${at}`, true]));

test.each([
  ["rtpParameters.codecs", () => readRtpParameters({ codecs: manyWrong }, "video")],
  [
    "rtpParameters.codecs[0].rtcpFeedback",
    () => readRtpParameters({ codecs: [{ ...FIT, rtcpFeedback: manyWrong }] }, "video"),
  ],
  [
    "rtpParameters.codecs[0].parameters",
    () => readRtpParameters({ codecs: [{ ...FIT, parameters: manyNames }] }, "video"),
  ],
  ["rtpParameters.headerExtensions", () => readRtpParameters({ codecs: [FIT], headerExtensions: manyWrong }, "video")],
  ["rtpParameters.encodings", () => readRtpParameters({ codecs: [FIT], encodings: manyWrong }, "video")],
  ["rtpCapabilities.codecs", () => readRtpCapabilities({ codecs: manyWrong })],
  ["rtpCapabilities.headerExtensions", () => readRtpCapabilities({ headerExtensions: manyWrong })],
  ["dtlsParameters.fingerprints", () => readDtlsParameters({ fingerprints: manyWrong })],
])("%s with too many entries is refused for their number, before anything looks at the entries", (path, read) => {
  expect(read).toThrow(new RegExp(`^${path.replace(/[[\]]/g, "\\$&")} must be (a list|an object) of .*entries\\.$`));
});

test("a bit rate may be a fraction and becomes a whole number", () => {
  const codecs = [{ mimeType: "video/VP8", payloadType: 96, clockRate: 90000 }];
  const read = (maxBitrate: unknown) => readRtpParameters({ codecs, encodings: [{ maxBitrate }] }, "video").encodings;
  expect(read(100_000.5)).toEqual([{ maxBitrate: 100_000 }]);
  for (const bad of ["fast", -1, Number.NaN, Infinity, 1e11]) {
    expect(() => read(bad)).toThrow("rtpParameters.encodings[0].maxBitrate must be a number from 0 to 10000000000.");
  }
});

test("fingerprints are as long as their hash", () => {
  const fingerprints = [{ algorithm: "sha-256", value: SHA256, extra: 1 }];
  expect(readDtlsParameters({ role: "auto", fingerprints })).toEqual({
    role: "auto",
    fingerprints: [{ algorithm: "sha-256", value: SHA256 }],
  });
  for (const value of [`${SHA256}:00`, SHA256.slice(3), SHA256.replace(":", ""), "", null]) {
    expect(() => readDtlsParameters({ fingerprints: [{ algorithm: "sha-256", value }] })).toThrow(
      "fingerprints[0].value",
    );
  }
});
