import type { Producer } from "mediasoup-client/types";
import type { Participant, ProducerView } from "@lastseen/protocol";

/** What a track shows: `mic`, `camera`, `screen` or a name of your own. Each has one publication. */
export type Source = string;

/** How a track is published. */
export interface PublishOptions {
  readonly source: Source;
  /** Whether it begins muted. */
  readonly muted?: boolean;
  /** mediasoup-client's encodings, for simulcast. */
  readonly encodings?: RTCRtpEncodingParameters[];
  /** Whether the track is left running after it is unpublished or replaced. By default it is stopped. */
  readonly keepTrack?: boolean;
  /**
   * Called when the track ends by itself, for example because its device was unplugged. Gives the track to go on with;
   * `undefined` ends the publication, as it ends without this function.
   */
  readonly afterEnd?: () => Promise<MediaStreamTrack | undefined>;
}

/** A track of this page that the others receive. */
export interface Publication {
  readonly source: Source;
  readonly track: MediaStreamTrack;
  readonly muted: boolean;
  /** `undefined` while it waits for a connection. */
  readonly producer: Producer | undefined;
}

/** A producer of another participant that this page can subscribe to. */
export interface Candidate {
  readonly producer: ProducerView;
  readonly participant: Participant;
}

/** A track of another participant that this page receives. */
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
  /** The publications of this page, after every change. */
  publications: readonly Publication[];
  /** State of the peer connection in one direction. */
  connection: { direction: Direction; state: RTCPeerConnectionState };
  /** A transport was lost, and the client makes a new one. */
  rebuilt: { direction: Direction };
  /** All media has ended: the session has left its room, or the page has ended it. */
  reset: undefined;
  /** A step failed; the client repeats it if it may succeed later. */
  error: { doing: string; error: unknown };
}
