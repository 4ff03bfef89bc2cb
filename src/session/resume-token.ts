import { hash as digestOf, randomBytes, timingSafeEqual } from "node:crypto";

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
    return new ResumeToken(randomBytes(24).toString("base64url"), undefined);
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
