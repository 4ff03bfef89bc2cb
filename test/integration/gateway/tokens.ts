import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { JWT_SECRET } from "../../support/secrets.js";

export const SECRET = JWT_SECRET;

const encodeText = (text: string) => Buffer.from(text).toString("base64url");
const encode = (value: unknown) => encodeText(JSON.stringify(value));

/** Seconds since 1970, as tokens have them. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** An HS256 token, written by hand so that everything in it can be wrong. */
export function token(claims: object, { header = {}, secret = SECRET, hash = "sha256" } = {}): string {
  const text = `${encode({ alg: "HS256", typ: "JWT", ...header })}.${encode(claims)}`;
  return `${text}.${createHmac(hash, secret).update(text).digest("base64url")}`;
}

/** An HS256 token with these claims, which no JSON writer needs to have written. */
export function tokenOfText(claims: string): string {
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encodeText(claims)}`;
  return `${text}.${createHmac("sha256", SECRET).update(text).digest("base64url")}`;
}

/** A token that is right in everything. */
export function goodToken(sub: string, more: object = {}): string {
  return token({ sub, exp: inSeconds(600), ...more });
}

export function unsignedToken(claims: object, alg: string): string {
  return `${encode({ alg, typ: "JWT" })}.${encode(claims)}.`;
}

/** Signed with a key pair that the attacker made. */
export function rsaToken(claims: object): { signed: string; confused: string } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const text = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`;
  const signed = `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  return { signed, confused: token(claims, { secret: pem }) };
}
