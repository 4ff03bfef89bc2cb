import { generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

type Algorithm = "RS256" | "ES256" | "EdDSA";
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A key pair of an identity provider. */
export class ProviderKey {
  readonly alg: Algorithm;
  readonly kid: string;
  readonly public: KeyObject;
  readonly #private: KeyObject;

  constructor(alg: Algorithm, kid: string) {
    this.alg = alg;
    this.kid = kid;
    const pair =
      alg === "RS256"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : alg === "ES256"
          ? generateKeyPairSync("ec", { namedCurve: "P-256" })
          : generateKeyPairSync("ed25519");
    this.#private = pair.privateKey;
    this.public = pair.publicKey;
  }

  get jwk(): JsonWebKey {
    return { ...this.public.export({ format: "jwk" }), kid: this.kid, use: "sig" };
  }

  token(claims: object, header: object = {}): string {
    const text = `${encode({ alg: this.alg, kid: this.kid, ...header })}.${encode(claims)}`;
    const hash = this.alg === "EdDSA" ? null : "sha256";
    const key = { key: this.#private, dsaEncoding: "ieee-p1363" as const };
    return `${text}.${sign(hash, Buffer.from(text), key).toString("base64url")}`;
  }
}

/** A real HTTP server that publishes keys, or does what a broken one does. */
export async function startKeyServer(...keys: ProviderKey[]) {
  const state = {
    keys,
    requests: 0,
    answer: (response: ServerResponse): unknown =>
      response.end(JSON.stringify({ keys: state.keys.map(({ jwk }) => jwk) })),
  };
  const server = createServer((_request, response) => {
    state.requests += 1;
    state.answer(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys` });
}
