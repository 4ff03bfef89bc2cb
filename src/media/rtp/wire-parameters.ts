/**
 * Media parameters that clients send: checked strictly and copied before mediasoup sees them.
 *
 * mediasoup checks them too, but not everything. It writes them into a message buffer that all rooms of a worker share.
 * One value that it cannot write (`maxBitrate: 1.5`) throws half-way and leaves that buffer unusable, and then the worker
 * takes no request from anybody any more. No such value may pass the schemas in this file.
 */
import { getSupportedRtpCapabilities } from "mediasoup";
import type {
  DtlsParameters,
  MediaKind,
  RtpCapabilities,
  RtpCodecParameters,
  RtpHeaderExtensionUri,
  RtpParameters,
} from "mediasoup/types";
import Type from "typebox";
import { fail, fieldsOf, integer, listOf, oneOf, readerOf, text } from "./wire-reader.js";

const HASH_BYTES = { "sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64 } as const;
const MAX_SSRC = 0xffff_ffff;
const MAX_BITRATE = 10_000_000_000;
const MAX_NUMBER = 0x7fff_ffff;
const TOKEN = /^[\x21-\x7e]{1,64}$/;
const LONG_TEXT = /^[\x20-\x7e]{0,1024}$/;

const Flag = Type.Boolean({ description: "true or false" });
const Kind = oneOf("audio", "video");
const Token = text(TOKEN, "a text of 1 to 64 printable characters without spaces");
/** The id of a media section. Browsers send an empty text where they have none, here and in the texts below. */
const Mid = text(/^[\x21-\x7e]{0,64}$/, "a text of at most 64 printable characters without spaces");
// RTCP carries a CNAME with a length of one byte.
const ShortText = text(/^[\x20-\x7e]{0,255}$/, "a text of at most 255 printable characters");
const LongText = text(LONG_TEXT, "a text of at most 1024 printable characters");
const Ssrc = integer(1, MAX_SSRC);
const PayloadType = integer(0, 127);

/** `key=value` pairs as in the `fmtp` line of an SDP. `pattern` counts for texts only, the limits for numbers only. */
const FormatParameters = Type.Record(
  Type.String({ pattern: TOKEN.source }),
  Type.Unsafe<string | number>({
    type: ["string", "number"],
    pattern: LONG_TEXT,
    minimum: -MAX_NUMBER,
    maximum: MAX_NUMBER,
    description: `a text of at most 1024 printable characters, or a number from -${MAX_NUMBER} to ${MAX_NUMBER}`,
  }),
  { maxProperties: 64, additionalProperties: false, description: "an object of at most 64 entries" },
);

const CODEC_FIELDS = {
  mimeType: text(/^(audio|video)\/[A-Za-z0-9._+-]{1,64}$/i, "a media type of audio or video"),
  clockRate: integer(1, 1_000_000),
  channels: Type.Optional(integer(1, 255)),
  parameters: Type.Optional(FormatParameters),
  rtcpFeedback: Type.Optional(listOf(fieldsOf({ type: Token, parameter: Type.Optional(LongText) }), 0, 32)),
};

/** Producers may use these header extensions only, because mediasoup has numbers for no others. */
const EXTENSION_URIS = [...new Set((getSupportedRtpCapabilities().headerExtensions ?? []).map(({ uri }) => uri))];

const ExtensionParameters = fieldsOf({
  uri: oneOf(...EXTENSION_URIS),
  id: integer(1, 255),
  encrypt: Type.Optional(Flag),
  parameters: Type.Optional(FormatParameters),
});

const Encoding = fieldsOf({
  ssrc: Type.Optional(Ssrc),
  rid: Type.Optional(text(/^[A-Za-z0-9_-]{1,32}$/, "a text of 1 to 32 letters, digits, - and _")),
  codecPayloadType: Type.Optional(PayloadType),
  rtx: Type.Optional(fieldsOf({ ssrc: Ssrc })),
  dtx: Type.Optional(Flag),
  scalabilityMode: Type.Optional(text(/^[LS][1-9]T[1-9](h|_KEY|_KEY_SHIFT)?$/, "a scalability mode such as L1T3")),
  maxBitrate: Type.Optional(
    Type.Number({ minimum: 0, maximum: MAX_BITRATE, description: `a number from 0 to ${MAX_BITRATE}` }),
  ),
});

const parseDtlsParameters = readerOf(
  "dtlsParameters",
  fieldsOf({
    role: Type.Optional(oneOf("auto", "client", "server")),
    fingerprints: listOf(
      fieldsOf({
        algorithm: oneOf("sha-1", "sha-224", "sha-256", "sha-384", "sha-512"),
        value: text(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*$/, "a list of bytes such as 0A:1B:2C"),
      }),
      1,
      8,
    ),
  }),
);

const parseRtpParameters = readerOf(
  "rtpParameters",
  fieldsOf({
    mid: Type.Optional(Mid),
    codecs: listOf(fieldsOf({ ...CODEC_FIELDS, payloadType: PayloadType }), 1, 32),
    headerExtensions: Type.Optional(listOf(ExtensionParameters, 0, 32)),
    encodings: Type.Optional(listOf(Encoding, 0, 9)),
    rtcp: Type.Optional(fieldsOf({ cname: Type.Optional(ShortText), reducedSize: Type.Optional(Flag) })),
    msid: Type.Optional(ShortText),
  }),
);

const ExtensionCapability = fieldsOf({
  kind: Kind,
  // mediasoup compares it with its own URIs and then drops it, so that it need not be one of them.
  uri: Type.Unsafe<RtpHeaderExtensionUri>(ShortText),
  preferredId: integer(0, 255),
  preferredEncrypt: Type.Optional(Flag),
  direction: Type.Optional(oneOf("sendrecv", "sendonly", "recvonly", "inactive")),
});

const parseRtpCapabilities = readerOf(
  "rtpCapabilities",
  fieldsOf({
    codecs: Type.Optional(
      listOf(fieldsOf({ ...CODEC_FIELDS, preferredPayloadType: Type.Optional(PayloadType) }), 0, 128),
    ),
    headerExtensions: Type.Optional(listOf(ExtensionCapability, 0, 128)),
  }),
);

/** @throws LastseenError `bad_message` naming the field, also below */
export function readDtlsParameters(value: unknown): DtlsParameters {
  const parameters = parseDtlsParameters(value);
  for (const [index, fingerprint] of parameters.fingerprints.entries()) {
    const bytes = HASH_BYTES[fingerprint.algorithm];
    // Two digits for each byte, and colons between them.
    if (fingerprint.value.length === bytes * 3 - 1) continue;
    fail(`dtlsParameters.fingerprints[${index}].value`, `must have ${bytes} bytes`);
  }
  return parameters;
}

/** What a client sends. All codecs must be of the producer's kind. */
export function readRtpParameters(value: unknown, kind: MediaKind): RtpParameters {
  const { encodings, ...rest } = parseRtpParameters(value);
  for (const codec of rest.codecs) checkCodec(codec, rest.codecs, kind);
  if (!encodings) return rest;
  return {
    ...rest,
    // Pages compute bit rates and send fractions; the worker takes whole numbers only.
    encodings: encodings.map(({ maxBitrate, ...encoding }) =>
      maxBitrate === undefined ? encoding : { ...encoding, maxBitrate: Math.trunc(maxBitrate) },
    ),
  };
}

/** What a client can receive. Unknown codecs and extensions are allowed: they match nothing. */
export function readRtpCapabilities(value: unknown): RtpCapabilities {
  const { codecs = [], headerExtensions = [] } = parseRtpCapabilities(value);
  return {
    codecs: codecs.map(({ preferredPayloadType = 0, ...codec }) => ({
      ...codec,
      kind: codec.mimeType.toLowerCase().startsWith("audio/") ? "audio" : "video",
      preferredPayloadType,
    })),
    headerExtensions,
  };
}

function checkCodec(codec: RtpCodecParameters, all: readonly RtpCodecParameters[], kind: MediaKind): void {
  const path = `rtpParameters.codecs (payload type ${codec.payloadType})`;
  if (!codec.mimeType.toLowerCase().startsWith(`${kind}/`)) fail(path, `must be of kind ${kind}`);
  if (all.some((other) => other !== codec && other.payloadType === codec.payloadType)) fail(path, "is there twice");
  if (!isRtx(codec)) return;
  const media = all.find((other) => other.payloadType === codec.parameters?.["apt"]);
  if (!media || isRtx(media)) fail(path, "must repeat a codec of the list");
  // mediasoup does not compare the two clock rates, and divides by them.
  if (media.clockRate !== codec.clockRate) fail(path, "must have the clock rate of the codec that it repeats");
}

function isRtx(codec: RtpCodecParameters): boolean {
  return codec.mimeType.toLowerCase().endsWith("/rtx");
}
