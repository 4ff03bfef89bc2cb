import type { HTMLAttributes, ReactNode } from "react";
import { useConnection } from "./use-connection.js";

export interface SwitchedElsewhereProps extends Omit<HTMLAttributes<HTMLElement>, "children"> {
  /** What is shown instead of the plain text and button. `takeBack` brings the meeting to this page. */
  readonly children?: ReactNode | ((takeBack: () => void) => ReactNode);
}

/**
 * Shown while another tab or device of the user has the meeting; otherwise nothing. Further properties go to its `<section>`.
 */
export function SwitchedElsewhere({ children, ...attributes }: SwitchedElsewhereProps): ReactNode {
  const { state, reason, reconnect } = useConnection();
  if (state !== "disconnected" || reason !== "transferred") return null;
  return (
    <section role="status" data-lastseen-switched="" {...attributes}>
      {typeof children === "function" ? children(reconnect) : (children ?? <PlainText takeBack={reconnect} />)}
    </section>
  );
}

function PlainText({ takeBack }: { takeBack: () => void }): ReactNode {
  return (
    <>
      <p>You are in this meeting in another tab or on another device.</p>
      <button type="button" onClick={takeBack}>
        Continue here
      </button>
    </>
  );
}
