import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/**
 * The one secret that lets a client take its session up again: 192 random bits, told to the client and nobody else. Of a
 * session that another node began only the hash is known, which is enough to check what a client says.
 */
export class ResumeToken {
  /** What the client is told; undefined when only the hash is known. */
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
    this.#hash ??= digest(this.text ?? "").toString("base64url");
    return this.#hash;
  }

  /** Compares in constant time, whatever the lengths. */
  matches(given: string): boolean {
    const expected = this.text === undefined ? Buffer.from(this.hash, "base64url") : digest(this.text);
    return timingSafeEqual(digest(given), expected);
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
