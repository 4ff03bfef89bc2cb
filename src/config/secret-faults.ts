/**
 * What is wrong with a secret. `load.ts` refuses a secret that cannot work in every environment, and a weak one in production;
 * elsewhere it warns of the weak one.
 */
import type { SecretKind } from "./setting-kinds.js";

const QUOTES: Readonly<Record<string, string>> = { '"': '"', "'": "'", "`": "`", "“": "”", "‘": "’" };
/** Fewer different characters, or fewer different steps from one character to the next, are easy to guess: `aaaa`, `abcdef`. */
const LEAST_VARIETY = 5;
/** A signing secret should be as long as the hash that it makes: 32 bytes for SHA-256 (RFC 7518, section 3.2). */
const LEAST_SIGNING_LENGTH = 32;

/** How to make a good secret, for messages. */
export const GOOD_SECRET =
  "make one with `openssl rand -hex 32`, or in PowerShell with `$b = [byte[]]::new(32); [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($b); -join ($b | % { '{0:x2}' -f $_ })`";

/**
 * Why a secret cannot be what its owner means, and how to mend it. Quotes and line ends come from a file or a shell, and the
 * other side does not have them.
 *
 * @returns undefined when it can
 */
export function whyUnusable(secret: string, kind: SecretKind): string | undefined {
  if (/[\r\n]/.test(secret)) return "has a line end in it; remove it";
  if (/\p{Cc}/u.test(secret)) return "has a control character in it; remove it";
  if (secret !== secret.trim()) return "has white space at its beginning or end; remove it";
  const first = secret.charAt(0);
  if (secret.length > 1 && QUOTES[first] === secret.at(-1)) return "has quotes around it; remove them";
  if (kind === "bearer" && !/^[\u0020-\u007e]*$/.test(secret)) {
    return "has a character that an Authorization header cannot carry; use letters, digits and punctuation of ASCII";
  }
  return undefined;
}

/** @returns why a secret is easy to guess; undefined when it does not look so */
export function whyWeak(secret: string, kind: SecretKind): string | undefined {
  if (kind === "url" || kind === "password") return undefined;
  const characters = new Set(secret).size;
  if (characters < LEAST_VARIETY) return `has only ${characters} different character(s)`;
  if (stepsIn(secret).size < LEAST_VARIETY) return "counts up or down";
  if (periodOf(secret) * 1.5 <= secret.length) return "repeats the same piece";
  if (kind === "signing" && secret.length < LEAST_SIGNING_LENGTH) {
    return `has fewer than ${LEAST_SIGNING_LENGTH} characters`;
  }
  return undefined;
}

function stepsIn(text: string): ReadonlySet<number> {
  const steps = new Set<number>();
  for (let at = 1; at < text.length; at += 1) steps.add(text.charCodeAt(at) - text.charCodeAt(at - 1));
  return steps;
}

/** After so many characters the text begins anew, until its end. It is its length when it never does. */
function periodOf(text: string): number {
  for (let period = 1; period < text.length; period += 1) {
    if (text.startsWith(text.slice(period))) return period;
  }
  return text.length;
}
