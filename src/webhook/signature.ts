/** Signs requests to the backend as Standard Webhooks says: https://www.standardwebhooks.com */
import { createHash, createHmac } from "node:crypto";

/** What a secret of Standard Webhooks begins with. The key itself follows, in base64. */
const PREFIX = "whsec_";

export interface SignedMessage {
  /** The same for every attempt at the same events. */
  readonly id: string;
  /** When the attempt is made, epoch seconds. With it the receiver can refuse a body that somebody recorded and sends again. */
  readonly seconds: number;
  readonly body: string;
}

/** Makes the three headers of a message. */
export type Sign = (message: SignedMessage) => Record<`webhook-${"id" | "timestamp" | "signature"}`, string>;

/**
 * The signatures prove to the receiver that the sender knows the secret, and when the body was signed. Each secret makes one
 * signature. While a secret is changed there are two, and a receiver that knows one of them finds its own.
 *
 * @param secrets each a `whsec_` secret, or any text
 */
export function signer(secrets: readonly string[]): Sign {
  const keys = secrets.map(keyOf);
  return ({ id, seconds, body }) => ({
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": keys
      .map((key) => `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`)
      .join(" "),
  });
}

function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), "base64") : Buffer.from(secret);
}

/** A batch has no id of its own. Only the same events in the same order make the same id. */
export function batchIdOf(ids: readonly string[]): string {
  return `batch_${createHash("sha256").update(ids.join(" ")).digest("hex").slice(0, 32)}`;
}
