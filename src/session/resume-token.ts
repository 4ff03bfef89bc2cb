import { hash as digestOf, randomFillSync, timingSafeEqual } from "node:crypto";

const TOKEN_BYTES = 24;

/** Random bytes for the next tokens. To ask the system for those of each token alone takes longer than all else about it. */
const random = Buffer.alloc(TOKEN_BYTES * 128);
let used = random.length;

/** 192 random bits that are given to nobody else, and are not kept here. */
function nextSecret(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const secret = random.toString("base64url", used, used + TOKEN_BYTES);
  random.fill(0, used, used + TOKEN_BYTES);
  used += TOKEN_BYTES;
  return secret;
}

/**
 * The secret with which a client resumes its session: 192 random bits that only the client is told. Of a session that
 * another node began, this node knows only the hash, which is enough to check a client's token.
 */
export class ResumeToken {
  /** The token that the client is told; undefined when only the hash is known. */
  readonly text: string | undefined;
  #hash: string | undefined;

  private constructor(text: string | undefined, hash: string | undefined) {
    this.text = text;
    this.#hash = hash;
  }

  static create(): ResumeToken {
    return new ResumeToken(nextSecret(), undefined);
  }

  static fromHash(hash: string): ResumeToken {
    return new ResumeToken(undefined, hash);
  }

  /** SHA-256, base64url. */
  get hash(): string {
    this.#hash ??= digestOf("sha256", this.text ?? "", "base64url");
    return this.#hash;
  }

  /** Compares hashes in constant time, also when the given token has another length. */
  matches(given: string): boolean {
    const expected = this.text === undefined ? Buffer.from(this.hash, "base64url") : digest(this.text);
    return timingSafeEqual(digest(given), expected);
  }
}

function digest(text: string): Buffer {
  return digestOf("sha256", text, "buffer");
}
