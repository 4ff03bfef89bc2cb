import Type from "typebox";
import { GivenId, JsonObject, Kind, Nothing, RoomId, Shape, Source, UserId } from "./shared.js";

const OfProducer = Shape({ producerId: GivenId });
const OfConsumer = Shape({ consumerId: GivenId });
const change = { data: OfProducer, reply: Nothing };
const consumerChange = { data: OfConsumer, reply: Nothing };
const Layer = Type.Integer({ minimum: 0, maximum: 16 });

/**
 * Media requests. Parameters with mediasoup's names (`dtlsParameters`, `rtpParameters`, `rtpCapabilities`) are JSON
 * objects here; mediasoup itself checks what is inside.
 */
export const mediaRequests = {
  createTransport: {
    data: Shape({ direction: Type.Enum(["send", "recv"]) }),
    reply: Shape({
      id: GivenId,
      iceParameters: JsonObject,
      iceCandidates: Type.Array(JsonObject),
      dtlsParameters: JsonObject,
      sctpParameters: Type.Optional(JsonObject),
    }),
  },
  connectTransport: { data: Shape({ transportId: GivenId, dtlsParameters: JsonObject }), reply: Nothing },
  restartIce: { data: Shape({ transportId: GivenId }), reply: Shape({ iceParameters: JsonObject }) },
  produce: {
    data: Shape({
      transportId: GivenId,
      kind: Kind,
      rtpParameters: JsonObject,
      source: Type.Optional(Source),
      paused: Type.Optional(Type.Boolean()),
    }),
    reply: Shape({ producerId: GivenId }),
  },
  pauseProducer: change,
  resumeProducer: change,
  closeProducer: change,
  consume: {
    data: Shape({ producerId: GivenId, rtpCapabilities: JsonObject }),
    reply: Shape({
      consumerId: GivenId,
      producerId: GivenId,
      kind: Kind,
      rtpParameters: JsonObject,
      producerPaused: Type.Boolean(),
    }),
  },
  pauseConsumer: consumerChange,
  resumeConsumer: consumerChange,
  closeConsumer: consumerChange,
  setPreferredLayers: {
    data: Shape({ consumerId: GivenId, spatialLayer: Layer, temporalLayer: Type.Optional(Layer) }),
    reply: Nothing,
  },
} as const;

const producerState = Shape({ roomId: RoomId, userId: UserId, sessionId: GivenId, producerId: GivenId });

export const mediaEvents = {
  new_producer: Shape({
    roomId: RoomId,
    userId: UserId,
    sessionId: GivenId,
    producerId: GivenId,
    kind: Kind,
    source: Type.Optional(Source),
    paused: Type.Boolean(),
  }),
  producer_paused: producerState,
  producer_resumed: producerState,
  producer_closed: producerState,
  consumer_closed: Shape({ consumerId: GivenId, reason: Type.String() }),
  transport_closed: Shape({ transportId: GivenId, reason: Type.String() }),
  active_speaker: Shape({ roomId: RoomId, userId: Type.Union([UserId, Type.Null()]) }),
  media_reset: Shape({ reason: Type.String() }),
} as const;
