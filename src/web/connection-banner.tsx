import type { ConnectionStatus } from "./connection-status.js";

const WORDS = {
  connecting: "Connecting",
  connected: "Live",
  reconnecting: "Reconnecting",
  disconnected: "Offline",
} as const;

/** The state of the connection, always there. */
export function ConnectionPill({ status }: { status: ConnectionStatus }) {
  const state = status.state.value;
  const rttMs = status.rttMs.value;
  const rtt = state === "connected" && rttMs !== undefined ? ` · ${Math.round(rttMs)} ms` : "";
  return (
    <span class="pill" data-testid="connection" data-state={state}>
      <i />
      <span>{`${WORDS[state]}${rtt}`}</span>
    </span>
  );
}

/** Shown while the connection is lost, and for a moment when it is back. */
export function ConnectionBanner({ status }: { status: ConnectionStatus }) {
  const banner = status.banner.value;
  return (
    <div class="banner" data-testid="banner" role="status" hidden={!banner} data-tone={banner?.tone}>
      {banner?.text}
    </div>
  );
}
