import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContext } from "node:tls";

/** The settings with the paths of the files for TLS. */
export interface TlsFiles {
  /** The certificates of the authorities that the service trusts, and no others. */
  readonly REDIS_CA_FILE?: string | undefined;
  /** The service's own certificate, with those between it and its authority. */
  readonly REDIS_CERT_FILE?: string | undefined;
  readonly REDIS_KEY_FILE?: string | undefined;
}

/**
 * Reads the files for TLS and checks that they fit together.
 *
 * @returns undefined when there are none
 * @throws Error that names the setting and the path, and says what is wrong; it shows nothing of a file
 */
export function readTlsFiles(files: TlsFiles): SecureContext | undefined {
  const { REDIS_CA_FILE, REDIS_CERT_FILE, REDIS_KEY_FILE } = files;
  const ca = REDIS_CA_FILE === undefined ? undefined : certificates("REDIS_CA_FILE", REDIS_CA_FILE);
  if (REDIS_CERT_FILE === undefined || REDIS_KEY_FILE === undefined) return ca && createSecureContext({ ca: ca.text });
  const own = certificates("REDIS_CERT_FILE", REDIS_CERT_FILE);
  const { text: key, parsed } = privateKey(REDIS_KEY_FILE);
  if (!own.first.checkPrivateKey(parsed)) {
    throw wrong("REDIS_KEY_FILE", REDIS_KEY_FILE, "is not the key of the certificate in REDIS_CERT_FILE");
  }
  return createSecureContext({ ...(ca && { ca: ca.text }), cert: own.text, key });
}

function certificates(setting: string, path: string): { text: string; first: X509Certificate } {
  const text = read(setting, path);
  try {
    return { text, first: new X509Certificate(text) };
  } catch {
    throw wrong(setting, path, "has no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  }
}

function privateKey(path: string): { text: string; parsed: KeyObject } {
  const text = read("REDIS_KEY_FILE", path);
  try {
    return { text, parsed: createPrivateKey(text) };
  } catch {
    const problem = text.includes("ENCRYPTED")
      ? "has a key with a passphrase; write it without one: openssl pkey -in … -out …"
      : "has no private key in PEM form (-----BEGIN PRIVATE KEY-----)";
    throw wrong("REDIS_KEY_FILE", path, problem);
  }
}

function read(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw wrong(setting, path, `cannot be read: ${error instanceof Error ? error.message : "unknown error"}`);
  }
}

function wrong(setting: string, path: string, problem: string): Error {
  return new Error(`${setting} ${JSON.stringify(path)} ${problem}`);
}
