import type { Connection } from "../../../src/gateway/connection.js";
import { ExpiryEntry } from "../../../src/kernel/expiry-list.js";
import type { SessionConnection } from "../../../src/session/session-connection.js";
import type { Session } from "../../../src/session/session.js";

/**
 * Ignores everything that it is sent. Each session has its own object, as it would have its own socket, and the service keeps its
 * deadlines as those of a socket.
 */
export class DeafConnection implements SessionConnection {
  session: Session | undefined = undefined;
  unansweredPings = 0;
  readonly isSilent = false;
  readonly isOpen = true;
  readonly canBePinged = true;
  readonly expiry: ExpiryEntry<Connection> = new ExpiryEntry<Connection>(this.asConnection);

  /** As the gateway's watch sees it. */
  get asConnection(): Connection {
    return this as unknown as Connection;
  }

  pingSocket(): void {}
  send(): void {}
  sendEvent(): void {}
  paceChanged(): void {}
  demandPong(): void {}
  close(): void {}
}
