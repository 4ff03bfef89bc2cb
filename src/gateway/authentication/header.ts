import { LastseenError } from "@lastseen/protocol";

/** The algorithms whose keys an identity provider publishes. */
export const PUBLIC_KEY_ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;
export type Algorithm = "HS256" | (typeof PUBLIC_KEY_ALGORITHMS)[number];

/** No real header is longer. */
const LONGEST_HEADER = 4096;

/**
 * The algorithm that the token names. It decides which keys may check the token, and no key serves two algorithms: a secret
 * never checks another algorithm than HS256, and a public key never serves as a secret.
 *
 * @throws LastseenError `unauthorized`
 */
export function algorithmOf(token: string): Algorithm {
  const end = token.indexOf(".");
  const header = end > 0 && end <= LONGEST_HEADER ? parse(token.slice(0, end)) : undefined;
  if (typeof header !== "object" || header === null) {
    throw new LastseenError("unauthorized", "The token is not a JWT: it must be three parts with dots between them.");
  }
  const { alg } = header as { alg?: unknown };
  const known = (["HS256", ...PUBLIC_KEY_ALGORITHMS] as const).find((name) => name === alg);
  if (known) return known;
  throw new LastseenError("unauthorized", "The token's algorithm must be HS256, RS256, ES256 or EdDSA.");
}

function parse(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString());
  } catch {
    return undefined;
  }
}
