import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHmac, randomBytes, X509Certificate } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { WebRtcTransport } from "mediasoup/types";
import { onTestFinished } from "vitest";
import type { JsonObject } from "@lastseen/protocol";
import type { MediaRequests } from "../../../src/ports/media-plane.js";
import type { TestMedia } from "./support.js";

const MAGIC_COOKIE = 0x2112a442;
const CHECK_INTERVAL_MS = 1_000;

/** What this needs and does not find here. */
export const missingForPeers = spawnSync("openssl", ["version"]).status === 0 ? undefined : "openssl";

/**
 * The other end of one WebRTC transport, without a browser: ICE checks from here (RFC 8445), DTLS from an `openssl`
 * process whose packets are passed on. It carries no media.
 */
export class WebRtcPeer {
  readonly #socket: Socket;
  readonly #relay: Socket;
  readonly #openssl: ChildProcess;
  readonly #checks: NodeJS.Timeout;

  private constructor(socket: Socket, relay: Socket, openssl: ChildProcess, checks: NodeJS.Timeout) {
    this.#socket = socket;
    this.#relay = relay;
    this.#openssl = openssl;
    this.#checks = checks;
  }

  /** Makes a transport in the session and connects to it; resolves when it is up on both sides. */
  static async connect(
    { transports }: Pick<TestMedia, "transports">,
    session: Pick<MediaRequests, "createTransport" | "connectTransport">,
    direction: "send" | "recv",
  ): Promise<WebRtcPeer & { transportId: string }> {
    const { certificate, key, fingerprint } = makeCertificate();
    const transport = await session.createTransport(direction);
    const { port, address } = pick(transport.iceCandidates);
    const { usernameFragment, password } = transport.iceParameters as Record<string, string>;
    const dtlsParameters = { role: "client", fingerprints: [{ algorithm: "sha-256", value: fingerprint }] };
    await session.connectTransport(transport.id, dtlsParameters);

    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    const relay = createSocket("udp4").bind(0, "127.0.0.1");
    await Promise.all([once(socket, "listening"), once(relay, "listening")]);
    const check = () => socket.send(bindingRequest(`${usernameFragment}:peer`, password ?? ""), port, address);
    check();
    const checks = setInterval(check, CHECK_INTERVAL_MS);
    await once(socket, "message");

    let opensslPort = 0;
    relay.on("message", (packet, from) => {
      opensslPort = from.port;
      socket.send(packet, port, address);
    });
    // The first byte tells STUN, DTLS and media apart (RFC 7983).
    socket.on("message", (packet) => {
      const first = packet[0] ?? 0;
      if (first >= 20 && first <= 63 && opensslPort !== 0) relay.send(packet, opensslPort, "127.0.0.1");
    });
    const target = ["-connect", `127.0.0.1:${relay.address().port}`];
    const identity = ["-cert", certificate, "-key", key, "-use_srtp", "SRTP_AES128_CM_SHA1_80"];
    const openssl = spawn("openssl", ["s_client", "-dtls1_2", ...target, ...identity], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    const peer = new WebRtcPeer(socket, relay, openssl, checks);
    onTestFinished(() => peer.vanish());
    await connected(transports.get(transport.id) as WebRtcTransport);
    return Object.assign(peer, { transportId: transport.id });
  }

  /** Ends DTLS as one does who closes his side properly. */
  sayGoodbye(): void {
    this.#openssl.stdin?.end("Q\n");
  }

  /** Falls silent, as a machine does whose network is cut. */
  vanish(): void {
    clearInterval(this.#checks);
    this.#openssl.kill("SIGKILL");
    for (const socket of [this.#socket, this.#relay]) {
      try {
        socket.close();
      } catch {
        // It was closed by an earlier call.
      }
    }
  }
}

async function connected(transport: WebRtcTransport): Promise<void> {
  while (transport.dtlsState !== "connected") await once(transport, "dtlsstatechange");
}

function pick(candidates: readonly JsonObject[]): { port: number; address: string } {
  const udp = candidates.find(({ protocol }) => protocol === "udp");
  return { port: Number(udp?.["port"]), address: String(udp?.["address"]) };
}

let made: { certificate: string; key: string; fingerprint: string } | undefined;

function makeCertificate(): { certificate: string; key: string; fingerprint: string } {
  if (made) return made;
  const folder = mkdtempSync(join(tmpdir(), "lastseen-peer-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  spawnSync("openssl", ["req", "-x509", ...curve, "-nodes", "-subj", "/CN=peer", "-keyout", key, "-out", certificate]);
  made = { certificate, key, fingerprint: new X509Certificate(readFileSync(certificate)).fingerprint256 };
  return made;
}

/** STUN binding request of a controlling ICE agent that nominates at once (RFC 8489, RFC 8445). */
function bindingRequest(username: string, password: string): Buffer {
  const attributes = Buffer.concat([
    attribute(0x0006, Buffer.from(username)),
    attribute(0x0024, Buffer.from([0x6e, 0x00, 0x1e, 0xff])), // PRIORITY
    attribute(0x802a, randomBytes(8)), // ICE-CONTROLLING
    attribute(0x0025, Buffer.alloc(0)), // USE-CANDIDATE
  ]);
  const transaction = randomBytes(12);
  // The length in the header counts each checksum while that is computed.
  const signed = Buffer.concat([header(attributes.length + 24, transaction), attributes]);
  const integrity = attribute(0x0008, createHmac("sha1", password).update(signed).digest());
  const checked = Buffer.concat([header(attributes.length + 32, transaction), attributes, integrity]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE((crc32(checked) ^ 0x5354554e) >>> 0);
  return Buffer.concat([checked, attribute(0x8028, checksum)]);
}

function header(length: number, transaction: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x0001, 0);
  head.writeUInt16BE(length, 2);
  head.writeUInt32BE(MAGIC_COOKIE, 4);
  return Buffer.concat([head, transaction]);
}

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}
