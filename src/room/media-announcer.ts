import type { MediaPlane } from "../ports/media-plane.js";
import type { Liveness } from "../session/liveness.js";
import type { SessionRegistry } from "../session/registry.js";
import { encodeEvent } from "@lastseen/protocol/codec";
import type { EventData, EventType } from "@lastseen/protocol";
import type { Rooms } from "./rooms.js";

/**
 * Passes on the events of the media plane: producers to the others in the room, consumers and transports to their own client,
 * ICE and DTLS states and silence to the evidence.
 */
export function announceMedia(parts: {
  media: MediaPlane;
  rooms: Rooms;
  registry: SessionRegistry;
  liveness: Liveness;
}): void {
  const { media, rooms, registry, liveness } = parts;
  const userOf = (sessionId: string): string => registry.find(sessionId)?.userId ?? "";
  const tellOne = <T extends EventType>(sessionId: string, type: T, data: EventData<T>): void =>
    registry.find(sessionId)?.connection?.send(encodeEvent(type, data));

  media.on("evidence", (event) => {
    const session = registry.find(event.sessionId);
    if (session) liveness.mediaChanged(session, event.state, event.state === "lost" ? event.by : undefined);
  });
  media.on("evidence_unknown", ({ sessionId }) => {
    const session = registry.find(sessionId);
    if (session) liveness.mediaClosed(session);
  });
  media.on("silence", ({ sessionId, isSilent }) => {
    const session = registry.find(sessionId);
    if (session) liveness.mediaSilent(session, isSilent);
  });
  media.on("producer_opened", ({ roomId, sessionId, producer }) => {
    const { id: producerId, kind, paused, source } = producer;
    rooms.list(roomId, sessionId);
    const shown = source === undefined ? {} : { source };
    const event = { roomId, userId: userOf(sessionId), sessionId, producerId, kind, paused, ...shown };
    rooms.tell(roomId, "new_producer", event, sessionId);
  });
  media.on("producer_changed", ({ roomId, sessionId, producerId, paused }) => {
    const event = { roomId, userId: userOf(sessionId), sessionId, producerId };
    rooms.tell(roomId, paused ? "producer_paused" : "producer_resumed", event, sessionId);
  });
  media.on("producer_closed", ({ roomId, sessionId, producerId }) => {
    rooms.tell(roomId, "producer_closed", { roomId, userId: userOf(sessionId), sessionId, producerId }, sessionId);
  });
  media.on("consumer_closed", ({ sessionId, consumerId, reason }) =>
    tellOne(sessionId, "consumer_closed", { consumerId, reason }),
  );
  media.on("transport_closed", ({ sessionId, transportId, reason }) =>
    tellOne(sessionId, "transport_closed", { transportId, reason }),
  );
  media.on("active_speaker", ({ roomId, sessionId }) =>
    rooms.tell(roomId, "active_speaker", { roomId, userId: sessionId === null ? null : userOf(sessionId) }),
  );
  media.on("media_reset", ({ sessionIds, reason }) => {
    for (const sessionId of sessionIds) {
      const session = registry.find(sessionId);
      if (session) liveness.mediaReset(session);
      tellOne(sessionId, "media_reset", { reason });
    }
  });
}
