/** The product's own signalling over Socket.IO. */
import type {
  DtlsParameters,
  IceCandidate,
  IceParameters,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
} from "mediasoup/types";

export interface TransportOffer {
  id: string;
  iceParameters: IceParameters;
  iceCandidates: IceCandidate[];
  dtlsParameters: DtlsParameters;
}

export interface ConsumerOffer {
  id: string;
  producerId: string;
  kind: MediaKind;
  rtpParameters: RtpParameters;
}

export interface Signalling {
  capabilities(done: (capabilities: RtpCapabilities) => void): void | Promise<void>;
  createTransport(data: { sessionId: string }, done: (offer: TransportOffer) => void): void | Promise<void>;
  connectTransport(data: { id: string; dtlsParameters: DtlsParameters }, done: () => void): void | Promise<void>;
  produce(
    data: { id: string; kind: MediaKind; rtpParameters: RtpParameters },
    done: (producerId: string) => void,
  ): void | Promise<void>;
  /** Ids of the producers of others. */
  others(data: { own: string[] }, done: (producerIds: string[]) => void): void | Promise<void>;
  consume(
    data: { id: string; producerId: string; rtpCapabilities: RtpCapabilities },
    done: (offer: ConsumerOffer) => void,
  ): void | Promise<void>;
}
