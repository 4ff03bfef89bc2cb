/**
 * Checks the token of a hello: the algorithm chooses the keys (`header.ts`), the keys check the signature (`secrets.ts`,
 * `key-set.ts`), and then the claims say who the client is (`claims.ts`).
 */
import type { Clock } from "../../kernel/clock.js";
import { LastseenError } from "@lastseen/protocol";
import type { Authenticate } from "../authenticate.js";
import { identityOf, type ClaimRules } from "./claims.js";
import { algorithmOf } from "./header.js";
import { keySetVerifier } from "./key-set.js";
import type { KeysAsked } from "./key-source.js";
import { secretVerifier } from "./secrets.js";

export interface TokenRules extends ClaimRules {
  /** Secrets of HS256, the newest first; none: such tokens are refused. */
  secrets: readonly string[];
  /** Where an identity provider publishes its keys; undefined: tokens with RS256, ES256 and EdDSA are refused. */
  keySetUrl: string | undefined;
}

export function verifyTokens(rules: TokenRules, parts: { clock: Clock; keysAsked: KeysAsked }): Authenticate {
  const { secrets, keySetUrl } = rules;
  const bySecret = secrets.length > 0 ? secretVerifier(secrets) : undefined;
  const byKeySet =
    keySetUrl === undefined ? undefined : keySetVerifier(keySetUrl, { clock: parts.clock, asked: parts.keysAsked });
  const identify = (claims: unknown) => identityOf(claims, rules, parts.clock.wall());
  return ({ token }) => {
    if (token === undefined || token === "") throw new LastseenError("unauthorized", "A token is needed.");
    const algorithm = algorithmOf(token);
    if (algorithm === "HS256") {
      if (!bySecret) throw notConfigured(algorithm, "JWT_SECRET");
      return identify(bySecret(token));
    }
    if (!byKeySet) throw notConfigured(algorithm, "JWT_JWKS_URL");
    return byKeySet(token).then(identify);
  };
}

function notConfigured(algorithm: string, setting: string): LastseenError {
  return new LastseenError("unauthorized", `The token is signed with ${algorithm}, but the service has no ${setting}.`);
}
