import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

/** Why certificates cannot be made here; undefined when they can. */
export const noOpensslReason: string | undefined =
  spawnSync("openssl", ["version"]).status === 0 ? undefined : "there is no openssl";

const openssl = (args: readonly string[]): Promise<unknown> => promisify(execFile)("openssl", args);

/** Paths of PEM files. */
export interface KeyPair {
  cert: string;
  key: string;
}

/** A certificate authority in a folder of its own, which is removed with the test. */
export class Authority {
  readonly cert: string;
  readonly #key: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.cert = join(folder, "ca.pem");
    this.#key = join(folder, "ca.key");
  }

  static async create(name: string): Promise<Authority> {
    const folder = mkdtempSync(join(tmpdir(), "lastseen-ca-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const authority = new Authority(folder);
    const out = ["-keyout", authority.#key, "-out", authority.cert];
    await openssl(["req", "-x509", ...NEW_KEY, "-days", "2", "-subj", `/CN=${name}`, ...out]);
    return authority;
  }

  /** A certificate for a server or client on this machine. */
  async issue(name: string): Promise<KeyPair> {
    const path = (end: string): string => join(this.#folder, `${name}.${end}`);
    writeFileSync(path("ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
    await openssl(["req", ...NEW_KEY, "-subj", `/CN=${name}`, "-keyout", path("key"), "-out", path("csr")]);
    const by = ["-CA", this.cert, "-CAkey", this.#key, "-CAcreateserial", "-extfile", path("ext"), "-days", "2"];
    await openssl(["x509", "-req", "-in", path("csr"), "-out", path("pem"), ...by]);
    return { cert: path("pem"), key: path("key") };
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
