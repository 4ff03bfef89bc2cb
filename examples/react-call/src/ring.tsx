import { useCall } from "@lastseen/react";
import { useEffect, useRef, type ReactNode } from "react";
import { Avatar } from "./avatar.js";
import { HangUpIcon, PhoneIcon } from "./icons.js";

/** A call that rings, over everything else. */
export function Ring(): ReactNode {
  const { call, accept, decline, end } = useCall();
  const dialog = useRef<HTMLDialogElement>(null);
  const acceptButton = useRef<HTMLButtonElement>(null);
  const isRinging = call?.state === "ringing";
  useEffect(() => {
    if (!isRinging) return dialog.current?.close();
    dialog.current?.showModal();
    acceptButton.current?.focus();
  }, [isRinging]);
  const isIncoming = call?.direction === "incoming";
  return (
    <dialog
      ref={dialog}
      className="ring"
      aria-labelledby="ring-title"
      onCancel={(event) => {
        event.preventDefault();
        void end();
      }}
    >
      {call && isRinging && (
        <>
          <span className="ring-waves">
            <Avatar name={call.peer.name} />
          </span>
          <h2 id="ring-title">
            <bdi>{call.peer.name}</bdi>
          </h2>
          <p className="soft">{isIncoming ? `wants a ${call.kind} call` : "It rings there …"}</p>
          <div className="ring-buttons">
            <button type="button" className="round bad" onClick={() => void (isIncoming ? decline() : end())}>
              <HangUpIcon />
              <span>{isIncoming ? "Decline" : "Cancel"}</span>
            </button>
            {isIncoming && (
              <button ref={acceptButton} type="button" className="round good" onClick={() => void accept()}>
                <PhoneIcon />
                <span>Accept</span>
              </button>
            )}
          </div>
        </>
      )}
    </dialog>
  );
}
