import { LastseenError } from "@lastseen/protocol";
import type { Clock } from "../kernel/clock.js";
import type { Identity, Session } from "../session/session.js";
import type { Connection } from "./connection.js";

/** Why the connection may not act for its session: it no longer owns the session, or its token has expired. */
export function refusalFor(
  connection: Connection,
  session: Session,
  clock: Pick<Clock, "wall">,
): LastseenError | undefined {
  if (!session.isOwnedBy(connection)) return new LastseenError("fenced", "This session has moved or ended.");
  return expiryRefusal(session.identity, clock);
}

/** Why a client may not go on with this token; undefined while it is valid. */
export function expiryRefusal(
  { expiresAt }: Pick<Identity, "expiresAt">,
  clock: Pick<Clock, "wall">,
): LastseenError | undefined {
  if (expiresAt === Infinity || expiresAt > clock.wall()) return undefined;
  return new LastseenError("unauthorized", "The token has expired.");
}
