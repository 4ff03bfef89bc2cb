import { createHmac } from "node:crypto";

/**
 * Proves to the receiver that a body was sent by whoever knows the secret, and when: the scheme of Stripe's webhooks.
 *
 * @param seconds since 1970, so that the receiver can refuse what was recorded and is sent again
 * @see https://docs.stripe.com/webhooks#verify-manually
 */
export function sign(secret: string, seconds: number, body: string): string {
  const mac = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${mac}`;
}
