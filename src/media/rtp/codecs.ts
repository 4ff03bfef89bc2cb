import type { RouterRtpCodecCapability } from "mediasoup/types";

/**
 * The codecs of every room's router, best first: a client takes the first one that it knows. mediasoup itself adds the
 * RTX codec of each video codec and the header extensions.
 */
export const MEDIA_CODECS: readonly RouterRtpCodecCapability[] = [
  { kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 },
  { kind: "video", mimeType: "video/VP8", clockRate: 90_000 },
  { kind: "video", mimeType: "video/VP9", clockRate: 90_000, parameters: { "profile-id": 0 } },
  {
    kind: "video",
    mimeType: "video/H264",
    clockRate: 90_000,
    // Constrained baseline 3.1: what browsers with a hardware encoder offer.
    parameters: { "packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1 },
  },
];
