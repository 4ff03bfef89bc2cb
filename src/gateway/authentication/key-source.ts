/** Asks an identity provider for its keys, with a bound on time, size and rate. `key-set.ts` chooses among the keys. */
import type { Clock } from "../../kernel/clock.js";

/** A provider that has not sent its keys after this time counts as failed, milliseconds. */
export const FETCH_TIMEOUT_MS = 4_000;
/** After a failure nobody asks again for so long, milliseconds. */
export const FAILURE_PAUSE_MS = 5_000;
/** Keys of before serve for so long while the provider fails, milliseconds. */
const STALE_MS = 24 * 60 * 60_000;
/** Real key sets have some kilobytes. */
const LARGEST_BODY = 256 * 1024;
const MOST_KEYS = 100;

/** Told of each question to the provider: `undefined` when it was answered. */
export type KeysAsked = (error: unknown) => void;

/** The keys could not be had. */
export class NoKeysError extends Error {
  override readonly name = "NoKeysError";
}

export class KeySource {
  readonly #clock: Clock;
  readonly #asked: KeysAsked;
  #last: { body: string; at: number } | undefined;
  #failedAt: number | undefined;

  constructor(clock: Clock, asked: KeysAsked) {
    this.#clock = clock;
    this.#asked = asked;
  }

  /** Whether the last question failed, so that a key that is not known may exist all the same. */
  get isFailing(): boolean {
    return this.#failedAt !== undefined;
  }

  /** In the form that `jose` calls. While the provider fails, the keys of before are the answer. */
  readonly fetch = async (url: string, init: object): Promise<Response> => {
    const now = this.#clock.mono();
    if (this.#failedAt === undefined || now - this.#failedAt >= FAILURE_PAUSE_MS) {
      try {
        const body = await read(url, init);
        this.#last = { body, at: now };
        this.#failedAt = undefined;
        this.#asked(undefined);
        return new Response(body);
      } catch (error) {
        this.#failedAt = this.#clock.mono();
        this.#asked(error);
      }
    }
    if (!this.#last || now - this.#last.at > STALE_MS) throw new NoKeysError("the identity provider gives no keys");
    return new Response(this.#last.body);
  };
}

/** @throws Error when the answer is not a set of keys, or too large, or late (`init` has the signal) */
async function read(url: string, init: object): Promise<string> {
  const response = await fetch(url, init);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the answer has status ${response.status}, not 200`);
  }
  const body = await text(response);
  const set: unknown = JSON.parse(body);
  const keys: unknown = typeof set === "object" && set !== null && "keys" in set ? set.keys : undefined;
  if (!Array.isArray(keys) || keys.length === 0) throw new Error("the answer is not a set of keys ({ keys: […] })");
  if (keys.length > MOST_KEYS) throw new Error(`the answer has more than ${MOST_KEYS} keys`);
  if (!keys.every((key) => typeof key === "object" && key !== null)) throw new Error("a key is not an object");
  return body;
}

async function text(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by an error cancels the download.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Error(`the answer has more than ${LARGEST_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
