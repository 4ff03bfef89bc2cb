import { useMemo } from "react";
import { ClientView, type ConnectionInfo } from "./client-view.js";
import { useClient } from "./provider.js";
import { useStore } from "./use-store.js";

export interface ConnectionHandle extends ConnectionInfo {
  /** Starts again after `disconnected`, and goes back to the room. */
  readonly reconnect: () => void;
  /** Ends the session; the others see it at once. */
  readonly disconnect: () => Promise<void>;
}

/** The state of the connection, and why it is so. */
export function useConnection(): ConnectionHandle {
  const client = useClient();
  const info = useStore(ClientView.of(client).connection);
  return useMemo(
    () => ({ ...info, reconnect: () => client.reconnect(), disconnect: () => client.disconnect() }),
    [client, info],
  );
}
