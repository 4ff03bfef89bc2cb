import { LastseenError } from "@lastseen/protocol";
import type { Clock } from "../kernel/clock.js";
import type { Session } from "../session/session.js";
import type { Connection } from "./connection.js";

/** Why the connection may not act for its session: it no longer owns the session, or its token has expired. */
export function refusalFor(
  connection: Connection,
  session: Session,
  clock: Pick<Clock, "wall">,
): LastseenError | undefined {
  if (!session.isOwnedBy(connection)) return new LastseenError("fenced", "This session has moved or ended.");
  const { expiresAt } = session.identity;
  if (expiresAt === Infinity || expiresAt > clock.wall()) return undefined;
  return new LastseenError("unauthorized", "The token has expired.");
}
