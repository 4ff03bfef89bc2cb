import type { LeftRoom, RequestError } from "@lastseen/client";
import type { ReactNode } from "react";

const LEFT: Partial<Record<LeftRoom["reason"], string>> = {
  room_closed: "The room was closed.",
  kicked: "You were removed from the room.",
  expired_token: "Your sign-in has expired.",
};

function why(error: RequestError | undefined, left: LeftRoom | undefined): string {
  const refusal = error ?? left?.error;
  if (refusal?.code === "room_full") return "The room is full.";
  if (refusal?.code === "forbidden") return "You may not enter this room.";
  return refusal?.message ?? (left && LEFT[left.reason]) ?? "You are not in the room any more.";
}

/** The room cannot be entered, or the service has closed it. */
export function RoomTrouble({
  error,
  left,
  onAgain,
  onLeave,
}: {
  error: RequestError | undefined;
  left: LeftRoom | undefined;
  onAgain: () => void;
  onLeave: () => void;
}): ReactNode {
  return (
    <main className="page">
      <section className="card card-narrow">
        <h1>You are not in the room</h1>
        <p className="soft">{why(error, left)}</p>
        <div className="row">
          <button className="primary" type="button" onClick={onAgain}>
            Try again
          </button>
          <button type="button" onClick={onLeave}>
            Back
          </button>
        </div>
      </section>
    </main>
  );
}
