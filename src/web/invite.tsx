import { useRef, useState } from "preact/hooks";
import { Icon } from "./icon.js";

/** How long "Copied" stays. */
const COPIED_MS = 2_500;

/** The address that leads somebody else into the room. */
export function inviteLink(room: string): string {
  const link = new URL(location.pathname, location.origin);
  link.searchParams.set("room", room);
  return link.href;
}

/** Copies the link into the room. Where the browser does not allow that, it shows the link to copy by hand. */
export function InviteButton({ room }: { room: string }) {
  const [state, setState] = useState<"idle" | "copied" | "by-hand">("idle");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const copy = async (): Promise<void> => {
    clearTimeout(timer.current);
    const isCopied = await copyText(inviteLink(room));
    setState(isCopied ? "copied" : "by-hand");
    if (isCopied) timer.current = setTimeout(() => setState("idle"), COPIED_MS);
  };
  return (
    <div class="invite">
      <button type="button" class="ghost small" data-testid="invite-button" onClick={() => void copy()}>
        <Icon name="link" />
        <span>{state === "copied" ? "Copied" : "Copy invite link"}</span>
      </button>
      <span class="unseen" role="status">
        {state === "copied" && "The link is copied."}
      </span>
      {state === "by-hand" && (
        <input
          class="invite-link"
          data-testid="invite-link"
          aria-label="Invite link, to copy by hand"
          readOnly
          ref={(field) => field?.select()}
          value={inviteLink(room)}
          onBlur={() => setState("idle")}
        />
      )}
    </div>
  );
}

/** Pages without TLS have no clipboard, and a browser may refuse. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
