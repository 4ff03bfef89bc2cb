import { compactVerify, createRemoteJWKSet, customFetch, errors } from "jose";
import type { Clock } from "../../kernel/clock.js";
import { LastseenError } from "@lastseen/protocol";
import { PUBLIC_KEY_ALGORITHMS } from "./header.js";
import { FAILURE_PAUSE_MS, FETCH_TIMEOUT_MS, KeySource, type KeysAsked } from "./key-source.js";

/** Keys are asked for again after this time, milliseconds. */
const CACHE_MS = 10 * 60_000;
/** Tokens with a key id that is not known make the service ask at most once in this time, milliseconds. */
const COOLDOWN_MS = 10_000;
/** A token without a key id is tried with so many keys of its algorithm. */
const MOST_TRIES = 4;

/**
 * Checks the signature of tokens with the keys that an identity provider publishes (JWKS, RFC 7517), and nothing else.
 *
 * @returns the claims, unchecked
 */
export function keySetVerifier(
  url: string,
  parts: { clock: Clock; asked: KeysAsked },
): (token: string) => Promise<unknown> {
  const source = new KeySource(parts.clock, parts.asked);
  const keys = createRemoteJWKSet(new URL(url), {
    [customFetch]: source.fetch,
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: CACHE_MS,
  });
  const options = { algorithms: [...PUBLIC_KEY_ALGORITHMS] };

  const verify = async (token: string): Promise<Uint8Array> => {
    try {
      return (await compactVerify(token, keys, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      let tries = 0;
      for await (const key of error) {
        const { payload } = await compactVerify(token, key, options).catch(() => ({ payload: undefined }));
        if (payload) return payload;
        tries += 1;
        if (tries >= MOST_TRIES) break;
      }
      throw error;
    }
  };
  return (token) => verify(token).then(readClaims, (error: unknown) => refuse(error, source.isFailing));
}

function readClaims(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch (cause) {
    throw new LastseenError("unauthorized", "The token's claims must be a JSON object.", { cause });
  }
}

function refuse(error: unknown, isFailing: boolean): never {
  const isUnknownKey = error instanceof errors.JWKSNoMatchingKey;
  if (isUnknownKey && !isFailing) {
    throw new LastseenError("unauthorized", "The token names a key that JWT_JWKS_URL does not have.", { cause: error });
  }
  // Of jose's errors, these are about the token and not about the keys.
  const isToken =
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSMultipleMatchingKeys;
  if (isToken) {
    throw new LastseenError("unauthorized", "The token is not valid: no key of JWT_JWKS_URL made its signature.", {
      cause: error,
    });
  }
  throw new LastseenError("overloaded", "The keys that check tokens can't be had now; try again in a moment.", {
    data: { retryAfterMs: FAILURE_PAUSE_MS },
    cause: error,
  });
}
