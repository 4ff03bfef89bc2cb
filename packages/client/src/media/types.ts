import type { Producer } from "mediasoup-client/types";
import type { Participant, ProducerView } from "@lastseen/protocol";

/** What a track shows: `mic`, `camera`, `screen` or a name of your own. One publication each. */
export type Source = string;

/** How a track is published. */
export interface PublishOptions {
  readonly source: Source;
  /** Whether it begins muted. */
  readonly muted?: boolean;
  /** mediasoup-client's encodings, for simulcast. */
  readonly encodings?: RTCRtpEncodingParameters[];
  /** Whether the track is left running after it is unpublished. By default it is stopped. */
  readonly keepTrack?: boolean;
}

/** One's own track on its way to the others. */
export interface Publication {
  readonly source: Source;
  readonly track: MediaStreamTrack;
  readonly muted: boolean;
  /** `undefined` while it waits for a connection. */
  readonly producer: Producer | undefined;
}

/** Somebody's producer that can be subscribed to. */
export interface Candidate {
  readonly producer: ProducerView;
  readonly participant: Participant;
}

/** Somebody's track that is being received. */
export interface RemoteTrack {
  readonly producerId: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly kind: "audio" | "video";
  readonly source: Source | undefined;
  readonly track: MediaStreamTrack;
}

export type Direction = "send" | "recv";

export interface MediaEvents {
  track_added: RemoteTrack;
  track_removed: RemoteTrack;
  /** One's own tracks, after every change. */
  publications: readonly Publication[];
  /** State of the peer connection in one direction. */
  connection: { direction: Direction; state: RTCPeerConnectionState };
  /** The transport was lost and a new one is made. */
  rebuilt: { direction: Direction };
  /** Something failed; what can be repeated, will be. */
  error: { doing: string; error: unknown };
}
