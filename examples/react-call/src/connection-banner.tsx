import { useConnection } from "@lastseen/react";
import { useEffect, useState, type ReactNode } from "react";
import { causeWords } from "./words.js";

/** How long the first connection may take before the page says anything. */
const PATIENCE_MS = 700;

/** While there is no connection: why, and when the next attempt comes. */
export function ConnectionBanner(): ReactNode {
  const { state, reason, retry } = useConnection();
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    setIsSlow(false);
    const timer = setTimeout(() => setIsSlow(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (state === "connected" || state === "disconnected") return null;
  if (state === "connecting" && !isSlow) return null;
  return (
    <div className={`banner banner-${state}`} role="status">
      <span className="spinner" aria-hidden="true" />
      <span>
        {state === "connecting" ? (
          retry ? (
            "The service does not answer. The page goes on trying."
          ) : (
            "Connecting …"
          )
        ) : (
          <>
            <strong>You are offline.</strong> {causeWords(reason)} The page is trying to get back.
          </>
        )}
      </span>
    </div>
  );
}
