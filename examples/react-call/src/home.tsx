import { useCall, useConnection, useStatus } from "@lastseen/react";
import { useState, type ReactNode } from "react";
import { identityOf } from "./identity.js";
import { CameraIcon, PhoneIcon } from "./icons.js";
import { overWords, startError } from "./words.js";

/** Connected, and in no room. */
export function Home({ onRoom }: { onRoom: (roomId: string) => void }): ReactNode {
  const { session } = useConnection();
  return (
    <>
      <h1 className="greeting">
        Hello, <bdi>{session?.user.name ?? "…"}</bdi>
      </h1>
      <div className="cards">
        <RoomCard onRoom={onRoom} />
        <CallCard ownId={session?.user.id} />
      </div>
    </>
  );
}

function RoomCard({ onRoom }: { onRoom: (roomId: string) => void }): ReactNode {
  const [room, setRoom] = useState("Team standup");
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        if (room.trim()) onRoom(room.trim());
      }}
    >
      <h2>Join a room</h2>
      <p className="soft">Everybody who types the same name meets there.</p>
      <label>
        Room
        <input value={room} onChange={(event) => setRoom(event.target.value)} maxLength={128} required />
      </label>
      <button className="primary" type="submit">
        <CameraIcon /> Join
      </button>
    </form>
  );
}

function CallCard({ ownId }: { ownId: string | undefined }): ReactNode {
  const [name, setName] = useState("");
  /** Whom the user has called last: what was said about them does not hold for the next name. */
  const [called, setCalled] = useState("");
  const { over, start, isPending, error } = useCall();
  const { id } = identityOf(name);
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault();
        setCalled(id);
        if (id) void start(id, "video");
      }}
    >
      <h2>Call somebody</h2>
      <p className="soft">
        {ownId === undefined ? (
          "By the name that they typed."
        ) : (
          <>
            By the name that they typed. Yours is <code>{ownId}</code>.
          </>
        )}
      </p>
      <label>
        Name
        <span className="field">
          <input
            value={name}
            onChange={(event) => setName(event.target.value)}
            placeholder="Bob"
            maxLength={60}
            autoCapitalize="none"
            required
          />
          {id && <Status userId={id} />}
        </span>
      </label>
      <button className="primary" type="submit" disabled={isPending}>
        <PhoneIcon /> Call
      </button>
      <p className="note" role="status">
        {error ? called === id && startError(error) : overWords(over)}
      </p>
    </form>
  );
}

function Status({ userId }: { userId: string }): ReactNode {
  const status = useStatus(userId) ?? "unknown";
  return <span className={`status status-${status}`}>{status === "unknown" ? "…" : status}</span>;
}
