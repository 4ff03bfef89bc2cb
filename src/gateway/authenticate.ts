import { randomUUID } from "node:crypto";
import { type RequestData, shownName } from "@lastseen/protocol";
import type { Identity } from "../session/session.js";

/**
 * Finds out who the client is: at once where that is possible, because a hello that needs nothing from outside is answered
 * in the turn in which it arrives. Throws or rejects with a LastseenError whose reason helps the author of the client.
 */
export type Authenticate = (
  hello: RequestData<"hello">,
  resuming: Pick<Identity, "userId" | "name"> | undefined,
) => Identity | Promise<Identity>;

/** Believes what each client says; a client that says nothing is a guest. For development and tests. */
export const trustEverybody: Authenticate = ({ user }, resuming) => {
  const userId = user?.id ?? resuming?.userId ?? `guest-${randomUUID().slice(0, 8)}`;
  const known = resuming?.userId === userId ? resuming.name : undefined;
  const given = user?.name ?? undefined;
  return {
    userId,
    name: given === undefined ? (known ?? shownName(undefined, userId)) : shownName(given, userId),
    rooms: undefined,
    calls: true,
    expiresAt: Infinity,
  };
};
