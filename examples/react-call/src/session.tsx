import { useCall, useConnection } from "@lastseen/react";
import { useEffect, useState, type ReactNode } from "react";
import { Brand } from "./brand.js";
import { ConnectionBanner } from "./connection-banner.js";
import { Home } from "./home.js";
import { Ring } from "./ring.js";
import { Room } from "./room.js";
import { Stopped } from "./stopped.js";

const asked = new URLSearchParams(location.search).get("room") ?? undefined;

/** Everything behind the name: home, a room, or a call. */
export function Session(): ReactNode {
  const connection = useConnection();
  const { call } = useCall();
  const [roomId, setRoomId] = useState(asked);
  const activeCall = call?.state === "active" ? call : undefined;
  const current = activeCall?.roomId ?? roomId;

  useEffect(() => {
    document.title = call?.state === "ringing" ? `Ringing: ${call.peer.name}` : "React call";
  }, [call]);

  if (connection.state === "disconnected") return <Stopped />;
  return (
    <>
      <ConnectionBanner />
      {current === undefined ? (
        <main className="page">
          <Brand />
          <Home onRoom={setRoomId} />
        </main>
      ) : (
        <Room key={current} roomId={current} callWith={activeCall?.peer.name} onLeave={() => setRoomId(undefined)} />
      )}
      <Ring />
    </>
  );
}
