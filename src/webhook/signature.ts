import { createHmac } from "node:crypto";

/**
 * Signs a body. The signature proves to the receiver that the sender knows the secret, and when the body was signed. The scheme
 * is that of Stripe's webhooks.
 *
 * @param seconds epoch seconds; with them the receiver can refuse a body that somebody recorded and sends again
 * @see https://docs.stripe.com/webhooks#verify-manually
 */
export function sign(secret: string, seconds: number, body: string): string {
  const mac = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${mac}`;
}
