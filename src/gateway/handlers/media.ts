import { LastseenError } from "@lastseen/protocol";
import type { MediaRequests } from "../../ports/media-plane.js";
import type { Session } from "../../session/session.js";
import type { Handlers } from "./handler.js";

type MediaRequest =
  | "createTransport"
  | "connectTransport"
  | "restartIce"
  | "produce"
  | "pauseProducer"
  | "resumeProducer"
  | "closeProducer"
  | "consume"
  | "pauseConsumer"
  | "resumeConsumer"
  | "closeConsumer"
  | "setPreferredLayers";

/**
 * Media requests go to the media of the session in its room. A session without a room gets `not_joined`, and one on a service
 * that makes no media gets `media_unavailable`.
 */
export const mediaHandlers: Pick<Handlers, MediaRequest> = {
  async createTransport({ session, data, reply }) {
    reply(await mediaOf(session).createTransport(data.direction));
  },
  async connectTransport({ session, data, reply }) {
    await mediaOf(session).connectTransport(data.transportId, data.dtlsParameters);
    reply({});
  },
  async restartIce({ session, data, reply }) {
    reply(await mediaOf(session).restartIce(data.transportId));
  },
  async produce({ session, data, reply }) {
    assertMaySend(session);
    reply(await mediaOf(session).produce(data));
  },
  async pauseProducer({ session, data, reply }) {
    await mediaOf(session).setProducerPaused(data.producerId, true);
    reply({});
  },
  async resumeProducer({ session, data, reply }) {
    await mediaOf(session).setProducerPaused(data.producerId, false);
    reply({});
  },
  closeProducer({ session, data, reply }) {
    mediaOf(session).closeProducer(data.producerId);
    reply({});
  },
  async consume({ session, data, reply }) {
    reply(await mediaOf(session).consume(data));
  },
  async pauseConsumer({ session, data, reply }) {
    await mediaOf(session).setConsumerPaused(data.consumerId, true);
    reply({});
  },
  async resumeConsumer({ session, data, reply }) {
    await mediaOf(session).setConsumerPaused(data.consumerId, false);
    reply({});
  },
  closeConsumer({ session, data, reply }) {
    mediaOf(session).closeConsumer(data.consumerId);
    reply({});
  },
  async setPreferredLayers({ session, data, reply }) {
    await mediaOf(session).setPreferredLayers(data.consumerId, data.spatialLayer, data.temporalLayer);
    reply({});
  },
};

function mediaOf(session: Session): MediaRequests {
  if (!session.participation) throw new LastseenError("not_joined", "Join a room first.");
  const { requests } = session.participation.media;
  if (!requests) throw new LastseenError("media_unavailable", "This service carries no media.");
  return requests;
}

/** The others must see whom they hear. A session that the room has put into the audience comes into the list when it sends. */
function assertMaySend({ participation }: Session): void {
  if (participation?.role !== "audience" || participation.chosenRole !== "audience") return;
  throw new LastseenError("forbidden", "The audience of a room sends no media; join as a participant.");
}
