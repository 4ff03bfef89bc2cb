import type { ConnectionState, JoinOptions, LeftRoom, Participant, RequestError, RoomSnapshot } from "@lastseen/client";
import { useEffect, useMemo, useRef } from "react";
import { ClientView } from "./client-view.js";
import { useClient } from "./provider.js";
import { NOBODY } from "./use-participants.js";
import { useStore } from "./use-store.js";

export interface RoomHandle {
  /** The room; while reconnecting, as it was last known. */
  readonly room: RoomSnapshot | undefined;
  readonly participants: readonly Participant[];
  /**
   * `connecting`: on the way into the room; `connected`: in it; `reconnecting`: in it, and the connection is lost;
   * `disconnected`: not in it, and nothing tries to get in.
   */
  readonly state: ConnectionState;
  /** Why the room cannot be entered. */
  readonly error: RequestError | undefined;
  /** How the client has left, for example because the room was closed. */
  readonly left: LeftRoom | undefined;
  /** Id of the user who speaks, or null. */
  readonly activeSpeaker: string | null;
  /** Tries to enter again, after `error` or `left`. */
  readonly rejoin: () => void;
}

/**
 * Is in a room while the component is mounted. `undefined` joins none.
 *
 * @param options of the join; later changes of them have no effect
 */
export function useRoom(roomId: string | undefined, options: JoinOptions = {}): RoomHandle {
  const client = useClient();
  const view = ClientView.of(client);
  const first = useRef(options);
  useEffect(() => (roomId === undefined ? undefined : view.roomWishes.add(roomId, first.current)), [view, roomId]);
  const connection = useStore(view.connection);
  const current = useStore(view.room);
  const activeSpeaker = useStore(view.activeSpeaker);
  const trouble = useStore(view.roomWishes.trouble);
  return useMemo(() => {
    const room = current?.id === roomId ? current : undefined;
    const { error, left } = (trouble?.roomId === roomId ? trouble : undefined) ?? { error: undefined, left: undefined };
    const isOut = roomId === undefined || error !== undefined || left !== undefined;
    return {
      room,
      participants: room?.participants ?? NOBODY,
      state: isOut ? "disconnected" : room || connection.state === "disconnected" ? connection.state : "connecting",
      error,
      left,
      activeSpeaker: room ? activeSpeaker : null,
      rejoin: () => view.roomWishes.again(),
    };
  }, [view, roomId, current, connection.state, activeSpeaker, trouble]);
}
