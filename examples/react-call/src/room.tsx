import { useCall, useConnection, useRoom, useTracks, type TrackRef } from "@lastseen/react";
import type { Participant } from "@lastseen/client";
import type { ReactNode } from "react";
import { Controls } from "./controls.js";
import { RoomTrouble } from "./room-trouble.js";
import { Sound } from "./sound.js";
import { Tile } from "./tile.js";

/** What {@link Controls} starts in the room. When the user goes on in another tab, the others hear no gap. */
const SENDS = { sources: ["mic", "camera"] };

/** A room, or the room of a call. */
export function Room({
  roomId,
  callWith,
  onLeave,
}: {
  roomId: string;
  callWith: string | undefined;
  onLeave: () => void;
}): ReactNode {
  const { room, participants, state, error, left, activeSpeaker, rejoin } = useRoom(roomId, SENDS);
  const { session } = useConnection();
  const { end } = useCall();
  const tracks = useTracks();
  const leave = () => (callWith === undefined ? onLeave() : void end());

  if (state === "disconnected") return <RoomTrouble error={error} left={left} onAgain={rejoin} onLeave={leave} />;
  const screens = tracks.filter(({ source }) => source === "screen");
  return (
    <div className="room">
      <header className="bar">
        <div className="bar-title">
          <h1>
            {callWith === undefined ? (
              <bdi>{roomId}</bdi>
            ) : (
              <>
                Call with <bdi>{callWith}</bdi>
              </>
            )}
          </h1>
          <p className="soft" role="status">
            {room ? headcount(participants.length, state === "reconnecting") : "Joining …"}
          </p>
        </div>
        <span className={`light light-${state}`}>{STATES[state]}</span>
      </header>
      <main
        className={`tiles ${screens.length > 0 ? "tiles-shared" : ""}`}
        data-count={Math.min(participants.length + screens.length, 9)}
        aria-label="Participants"
      >
        {screens.map((screen) => (
          <Tile key={screen.id} screen={screen} participant={screen.participant} isSelf={screen.isLocal} />
        ))}
        {participants.map((participant) => (
          <Tile
            key={participant.sessionId}
            participant={participant}
            camera={trackOf(tracks, participant, "camera")}
            isSelf={participant.sessionId === session?.sessionId}
            isSpeaking={participant.userId === activeSpeaker}
          />
        ))}
        {!room && <div className="tile tile-empty" aria-hidden="true" />}
      </main>
      <Sound tracks={tracks} />
      <Controls isIn={room !== undefined} isCall={callWith !== undefined} onLeave={leave} />
    </div>
  );
}

const STATES = { connecting: "joining", connected: "live", reconnecting: "offline" } as const;

function headcount(count: number, isStale: boolean): string {
  const people = count === 1 ? "only you are here" : `${count} people`;
  return isStale ? `${people}, as last known` : people;
}

function trackOf(tracks: readonly TrackRef[], { sessionId }: Participant, wanted: string): TrackRef | undefined {
  return tracks.find(({ participant, source }) => participant?.sessionId === sessionId && source === wanted);
}
