/**
 * Client-made media parameters, read strictly and rebuilt from scratch before mediasoup sees them.
 *
 * mediasoup checks them too, but not everything, and it writes them straight into the message buffer that all rooms of
 * a worker share: a single value that cannot be written (`maxBitrate: 1.5`) throws half-way and leaves that buffer
 * unusable, so that the worker can take no further request from anybody. Nothing that could do so may get past here.
 */
import { getSupportedRtpCapabilities } from "mediasoup";
import type {
  DtlsParameters,
  MediaKind,
  RtcpFeedback,
  RtpCapabilities,
  RtpCodecCapability,
  RtpCodecParameters,
  RtpEncodingParameters,
  RtpHeaderExtension,
  RtpHeaderExtensionParameters,
  RtpHeaderExtensionUri,
  RtpParameters,
} from "mediasoup/types";
import {
  fail,
  optional,
  readBoolean,
  readInteger,
  readList,
  readObject,
  readOneOf,
  readText,
  type Fields,
} from "./wire-reader.js";

const TOKEN = /^[\x21-\x7e]{1,64}$/;
/** Of a media section; empty, like the texts below, where the browser has none. */
const MID = /^[\x21-\x7e]{0,64}$/;
// RTCP carries a CNAME with a length of one byte.
const LINE = /^[\x20-\x7e]{0,255}$/;
const LONG_TEXT = /^[\x20-\x7e]{0,1024}$/;
const MIME_TYPE = /^(audio|video)\/[A-Za-z0-9._+-]{1,64}$/i;
const RTP_STREAM_ID = /^[A-Za-z0-9_-]{1,32}$/;
const SCALABILITY_MODE = /^[LS][1-9]T[1-9](h|_KEY|_KEY_SHIFT)?$/;
const HASH_BYTES = { "sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64 } as const;
type HashName = keyof typeof HASH_BYTES;
const HASH_NAMES = Object.keys(HASH_BYTES) as HashName[];
const KINDS = ["audio", "video"] as const satisfies readonly MediaKind[];
const MAX_SSRC = 0xffff_ffff;
const MAX_BITRATE = 10_000_000_000;

/** Producers may use no other header extension: mediasoup has numbers for these only. */
const EXTENSION_URIS = [
  ...new Set((getSupportedRtpCapabilities().headerExtensions ?? []).map((extension) => extension.uri)),
];

export function readDtlsParameters(value: unknown): DtlsParameters {
  const path = "dtlsParameters";
  const fields = readObject(value, path);
  return {
    ...optional(fields, path, "role", (role, at) => readOneOf(role, at, ["auto", "client", "server"])),
    fingerprints: readList(fields["fingerprints"], `${path}.fingerprints`, { min: 1, max: 8 }, (item, at) => {
      const fingerprint = readObject(item, at);
      const algorithm = readOneOf(fingerprint["algorithm"], `${at}.algorithm`, HASH_NAMES);
      const hash = new RegExp(`^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){${HASH_BYTES[algorithm] - 1}}$`);
      return { algorithm, value: readText(fingerprint["value"], `${at}.value`, hash) };
    }),
  };
}

/** What a client sends. All codecs must be of the producer's kind. */
export function readRtpParameters(value: unknown, kind: MediaKind): RtpParameters {
  const path = "rtpParameters";
  const fields = readObject(value, path);
  const codecs = readList(fields["codecs"], `${path}.codecs`, { min: 1, max: 32 }, readCodecParameters);
  for (const codec of codecs) checkCodec(codec, codecs, kind);
  return {
    ...optional(fields, path, "mid", (mid, at) => readText(mid, at, MID)),
    codecs,
    ...optional(fields, path, "headerExtensions", (list, at) =>
      readList(list, at, { min: 0, max: 32 }, readExtensionParameters),
    ),
    ...optional(fields, path, "encodings", (list, at) => readList(list, at, { min: 0, max: 9 }, readEncoding)),
    ...optional(fields, path, "rtcp", (rtcp, at) => {
      const inner = readObject(rtcp, at);
      return {
        ...optional(inner, at, "cname", (cname, where) => readText(cname, where, LINE)),
        ...optional(inner, at, "reducedSize", readBoolean),
      };
    }),
    ...optional(fields, path, "msid", (msid, at) => readText(msid, at, LINE)),
  };
}

/** What a client can receive. Codecs and extensions that nobody here knows are fine: they will not match. */
export function readRtpCapabilities(value: unknown): RtpCapabilities {
  const path = "rtpCapabilities";
  const fields = readObject(value, path);
  return {
    codecs: readList(fields["codecs"] ?? [], `${path}.codecs`, { min: 0, max: 128 }, readCodecCapability),
    headerExtensions: readList(
      fields["headerExtensions"] ?? [],
      `${path}.headerExtensions`,
      { min: 0, max: 128 },
      readExtensionCapability,
    ),
  };
}

function checkCodec(codec: RtpCodecParameters, all: readonly RtpCodecParameters[], kind: MediaKind): void {
  const path = `rtpParameters.codecs (payload type ${codec.payloadType})`;
  if (!codec.mimeType.toLowerCase().startsWith(`${kind}/`)) fail(path, `must be of kind ${kind}`);
  if (all.some((other) => other !== codec && other.payloadType === codec.payloadType)) fail(path, "is there twice");
  if (!isRtx(codec)) return;
  const media = all.find((other) => other.payloadType === codec.parameters?.["apt"]);
  if (!media || isRtx(media)) fail(path, "must repeat a codec of the list");
  // mediasoup does not compare these, and divides by them.
  if (media.clockRate !== codec.clockRate) fail(path, "must have the clock rate of what it repeats");
}

function isRtx(codec: RtpCodecParameters): boolean {
  return codec.mimeType.toLowerCase().endsWith("/rtx");
}

function readCodecParameters(value: unknown, path: string): RtpCodecParameters {
  const fields = readObject(value, path);
  return { ...readCodec(fields, path), payloadType: readInteger(fields["payloadType"], `${path}.payloadType`, 0, 127) };
}

function readCodecCapability(value: unknown, path: string): RtpCodecCapability {
  const fields = readObject(value, path);
  const codec = readCodec(fields, path);
  return {
    ...codec,
    kind: codec.mimeType.toLowerCase().startsWith("audio/") ? "audio" : "video",
    preferredPayloadType: readInteger(fields["preferredPayloadType"] ?? 0, `${path}.preferredPayloadType`, 0, 127),
  };
}

function readCodec(fields: Fields, path: string): Omit<RtpCodecParameters, "payloadType"> {
  return {
    mimeType: readText(fields["mimeType"], `${path}.mimeType`, MIME_TYPE),
    clockRate: readInteger(fields["clockRate"], `${path}.clockRate`, 1, 1_000_000),
    ...optional(fields, path, "channels", (channels, at) => readInteger(channels, at, 1, 255)),
    ...optional(fields, path, "parameters", readFormatParameters),
    ...optional(fields, path, "rtcpFeedback", (list, at) => readList(list, at, { min: 0, max: 32 }, readFeedback)),
  };
}

/** `key=value` pairs as in an SDP's `fmtp` line. */
function readFormatParameters(value: unknown, path: string): Record<string, string | number> {
  const entries = Object.entries(readObject(value, path));
  if (entries.length > 64) fail(path, "has too many entries");
  return Object.fromEntries(
    entries.map(([key, entry]) => {
      const at = `${path}.${readText(key, `${path} key`, TOKEN)}`;
      if (typeof entry !== "number") return [key, readText(entry, at, LONG_TEXT)];
      if (!Number.isFinite(entry) || Math.abs(entry) > 0x7fff_ffff) fail(at, "is not a number in range");
      return [key, entry];
    }),
  );
}

function readFeedback(value: unknown, path: string): RtcpFeedback {
  const fields = readObject(value, path);
  return {
    type: readText(fields["type"], `${path}.type`, TOKEN),
    ...optional(fields, path, "parameter", (parameter, at) => readText(parameter, at, LONG_TEXT)),
  };
}

function readExtensionParameters(value: unknown, path: string): RtpHeaderExtensionParameters {
  const fields = readObject(value, path);
  return {
    uri: readOneOf(fields["uri"], `${path}.uri`, EXTENSION_URIS),
    id: readInteger(fields["id"], `${path}.id`, 1, 255),
    ...optional(fields, path, "encrypt", readBoolean),
    ...optional(fields, path, "parameters", readFormatParameters),
  };
}

function readExtensionCapability(value: unknown, path: string): RtpHeaderExtension {
  const fields = readObject(value, path);
  return {
    kind: readOneOf(fields["kind"], `${path}.kind`, KINDS),
    // Compared with mediasoup's own and then dropped, so that it need not be one of them.
    uri: readText(fields["uri"], `${path}.uri`, LINE) as RtpHeaderExtensionUri,
    preferredId: readInteger(fields["preferredId"], `${path}.preferredId`, 0, 255),
    ...optional(fields, path, "preferredEncrypt", readBoolean),
    ...optional(fields, path, "direction", (direction, at) =>
      readOneOf(direction, at, ["sendrecv", "sendonly", "recvonly", "inactive"]),
    ),
  };
}

function readEncoding(value: unknown, path: string): RtpEncodingParameters {
  const fields = readObject(value, path);
  return {
    ...optional(fields, path, "ssrc", (ssrc, at) => readInteger(ssrc, at, 1, MAX_SSRC)),
    ...optional(fields, path, "rid", (rid, at) => readText(rid, at, RTP_STREAM_ID)),
    ...optional(fields, path, "codecPayloadType", (type, at) => readInteger(type, at, 0, 127)),
    ...optional(fields, path, "rtx", (rtx, at) => ({
      ssrc: readInteger(readObject(rtx, at)["ssrc"], `${at}.ssrc`, 1, MAX_SSRC),
    })),
    ...optional(fields, path, "dtx", readBoolean),
    ...optional(fields, path, "scalabilityMode", (mode, at) => readText(mode, at, SCALABILITY_MODE)),
    // Pages compute bit rates and send fractions; the worker takes whole numbers only.
    ...optional(fields, path, "maxBitrate", (rate, at) =>
      readInteger(typeof rate === "number" ? Math.trunc(rate) : rate, at, 0, MAX_BITRATE),
    ),
  };
}
