import { LastseenError } from "@lastseen/protocol";
import type { Session } from "../session/session.js";
import type { Room } from "./room.js";

/** What happens when a user joins a room from a second tab. From the narrowest policy to the widest: reject, transfer, allow. */
export type DuplicatePolicy = "reject" | "transfer" | "allow";

const WIDTH: Record<DuplicatePolicy, number> = { reject: 0, transfer: 1, allow: 2 };

/**
 * The session whose place the asking session takes: of several, the one that was heard last. Undefined when the asking
 * session simply enters.
 *
 * @param policies the service's own policy and the one that the client wants. The narrower of the two decides
 * @throws LastseenError `duplicate_session` when the policy is `reject` and a session of the user in the room is present
 */
export function chooseDuplicate(
  room: Room | undefined,
  asking: Session,
  policies: { own: DuplicatePolicy; wanted: DuplicatePolicy | undefined },
): Session | undefined {
  const policy = narrower(policies.own, policies.wanted ?? policies.own);
  if (!room || policy === "allow") return undefined;
  const others = [...room.members.values()].filter(({ userId }) => userId === asking.userId);
  const [first, ...rest] = others;
  if (!first) return undefined;
  // Of a session that is away nobody knows whether it comes back, so its user is not locked out.
  if (policy === "reject" && others.some(({ shown }) => shown === "present")) {
    throw new LastseenError("duplicate_session", "You are in this room already, from another tab or device.");
  }
  return rest.reduce((latest, other) => (other.lastSeenMono > latest.lastSeenMono ? other : latest), first);
}

function narrower(a: DuplicatePolicy, b: DuplicatePolicy): DuplicatePolicy {
  return WIDTH[a] < WIDTH[b] ? a : b;
}
