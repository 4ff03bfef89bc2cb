import { SessionCard } from "./session-card.js";
import type { RoomRow, SessionRow } from "./shapes.js";
import { SmallButton } from "./small-button.js";
import type { OpsStore } from "./store.js";
import { plural } from "./words.js";

/**
 * The sessions of one room, or of none.
 *
 * @param roomId null: sessions that are in no room
 * @param room missing where the service does not list it, or no longer
 */
export function RoomGroup(props: {
  roomId: string | null;
  room: RoomRow | undefined;
  sessions: readonly SessionRow[];
  store: OpsStore;
}) {
  const { roomId, room, sessions, store } = props;
  const participants = room?.participants ?? sessions.length;
  const shown = sessions.length === participants ? "" : `, ${sessions.length} shown`;
  const node = room ? ` on node ${room.nodeId}` : "";
  return (
    <section class="room-group" data-testid="room" data-room-id={roomId ?? ""}>
      <header>
        <h3>{roomId === null ? "In no room" : <bdi>{roomId}</bdi>}</h3>
        <span class="small">{`${plural(participants, "session")}${shown}${node}`}</span>
        {roomId !== null && (
          <SmallButton
            danger
            testid="close-room"
            label={`Close room ${roomId}`}
            onClick={() => void store.actions.closeRoom(roomId, participants)}
          >
            Close room
          </SmallButton>
        )}
      </header>
      <ul class="sessions">
        {sessions.map((session) => (
          <SessionCard key={session.id} session={session} store={store} />
        ))}
      </ul>
    </section>
  );
}
