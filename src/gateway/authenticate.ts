import { randomUUID } from "node:crypto";
import { createVerifier } from "fast-jwt";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { LastseenError, type RequestData, RoomId, shownName, UserId } from "@lastseen/protocol";
import type { Identity } from "../session/session.js";

/** Finds out who the client is. Throws LastseenError `unauthorized` with a reason that helps the author of the client. */
export type Authenticate = (
  hello: RequestData<"hello">,
  resuming: Pick<Identity, "userId" | "name"> | undefined,
) => Identity;

const Claims = Compile(
  Type.Object({
    sub: UserId,
    name: Type.Optional(Type.Unknown()),
    rooms: Type.Optional(Type.Array(RoomId, { maxItems: 1000 })),
    exp: Type.Number(),
  }),
);

/** Believes what each client says; a client that says nothing is a guest. For development and tests. */
export const trustEverybody: Authenticate = ({ user }, resuming) => {
  const userId = user?.id ?? resuming?.userId ?? `guest-${randomUUID().slice(0, 8)}`;
  const known = resuming?.userId === userId ? resuming.name : undefined;
  return {
    userId,
    name: user?.name == null ? (known ?? shownName(undefined, userId)) : shownName(user.name, userId),
    rooms: undefined,
    expiresAt: Infinity,
  };
};

/** Checks HS256 tokens with the claims `sub` and `exp`, and optionally `name` and `rooms`. */
export function verifyJwt(secret: string): Authenticate {
  const verify = createVerifier({ key: secret, algorithms: ["HS256"] });
  return ({ token }) => {
    if (token === undefined) throw new LastseenError("unauthorized", "A token is needed.");
    let claims: unknown;
    try {
      claims = verify(token);
    } catch (error) {
      const expired = error instanceof Error && "code" in error && error.code === "FAST_JWT_EXPIRED";
      throw new LastseenError("unauthorized", expired ? "The token has expired." : "The token is not valid.", {
        cause: error,
      });
    }
    if (!Claims.Check(claims)) {
      throw new LastseenError("unauthorized", "The token must have sub, exp and, if present, proper name and rooms.");
    }
    const { sub, name, rooms, exp } = claims;
    return { userId: sub, name: shownName(name, sub), rooms, expiresAt: exp * 1000 };
  };
}
