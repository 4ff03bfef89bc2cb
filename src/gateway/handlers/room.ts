import { type JsonObject, LastseenError, LIMITS } from "@lastseen/protocol";
import type { Reaper } from "../../reaper/reaper.js";
import type { Admission } from "../../room/admission.js";
import type { MetadataChanges } from "../../room/metadata-changes.js";
import type { Rooms } from "../../room/rooms.js";
import type { Handlers } from "./handler.js";

type RoomRequest = "join" | "getRoom" | "getParticipants" | "setMetadata" | "leave" | "beforeDisconnect";

/** Requests to join a room, to read and change it, and to leave. */
export function roomHandlers(parts: {
  admission: Admission;
  rooms: Rooms;
  reaper: Reaper;
  metadata: MetadataChanges;
}): Pick<Handlers, RoomRequest> {
  const { admission, rooms, reaper, metadata: metadataChanges } = parts;
  return {
    async join({ connection, session, data, reply }) {
      assertMetadataSize(data.metadata);
      const { roomId, metadata, onDuplicate, role, sources } = data;
      await admission.admit({ session, connection, roomId, metadata, onDuplicate, role, sources }, (admitted) => {
        const { id: sessionId, epoch, resumeToken } = admitted.session;
        const routerRtpCapabilities = admitted.media.requests?.routerRtpCapabilities ?? null;
        connection.session = admitted.session;
        connection.paceChanged();
        // Those who enter at the same moment are told with the answer.
        connection.holdBack();
        reply({
          room: admitted.room,
          routerRtpCapabilities,
          transferred: admitted.transferred,
          sessionId,
          epoch,
          resumeToken: resumeToken.text ?? "",
        });
      });
    },
    getRoom({ session, reply }) {
      reply({ room: rooms.snapshot(session) });
    },
    getParticipants({ session, data, reply }) {
      reply(rooms.page(session, data));
    },
    setMetadata({ session, data, reply }) {
      if (!session.participation) throw notJoined();
      assertMetadataSize(data.metadata);
      metadataChanges.set(session, data.metadata);
      reply({});
    },
    leave({ session, reply }) {
      if (!session.participation) throw notJoined();
      // The others are told within this call. Only the verification takes longer, and the reaper finishes it.
      void reaper.leaveRoom(session, { reason: "left" });
      reply({});
    },
    beforeDisconnect({ session, reply }) {
      // The reply comes first, because the end of the session closes this socket.
      reply({});
      void reaper.end(session, { reason: "left" });
    },
  };
}

function notJoined(): LastseenError {
  return new LastseenError("not_joined", "The session is in no room.");
}

function assertMetadataSize(metadata: JsonObject | undefined): void {
  // The decoder has bounded how deep metadata is nested, so this does not run out of stack.
  if (metadata && Buffer.byteLength(JSON.stringify(metadata)) > LIMITS.metadataBytes) {
    throw new LastseenError("bad_message", `metadata is larger than ${LIMITS.metadataBytes} bytes`);
  }
}
