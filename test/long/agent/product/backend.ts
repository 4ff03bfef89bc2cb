/**
 * A product as many are: Express, Socket.IO for its signalling, mediasoup in its process, and no line of Fastify. Lastseen runs
 * elsewhere. Two places here are Lastseen's: `watchMediasoup`, and the session in the `appData` of each transport.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import express from "express";
import * as mediasoup from "mediasoup";
import type { Producer, Router, RtpCapabilities, WebRtcTransport, Worker } from "mediasoup/types";
import { Server } from "socket.io";
import { onTestFinished } from "vitest";
import { watchMediasoup } from "@lastseen/agent";
import { findWorkerBinary } from "../../../../src/media/workers/worker-binary.js";
import { AGENT_TOKEN } from "../../../support/secrets.js";
import type { ConsumerOffer, Signalling, TransportOffer } from "./signalling.js";

const CODECS = [
  { kind: "audio" as const, mimeType: "audio/opus", clockRate: 48_000, channels: 2 },
  { kind: "video" as const, mimeType: "video/VP8", clockRate: 90_000 },
];
const WEBRTC = { listenInfos: [{ protocol: "udp" as const, ip: "127.0.0.1" }], iceConsentTimeout: 10 };

export interface Product {
  url: string;
  worker: Worker;
}

/** Starts it at a port. It ends with the test. @param lastseen the address of the service */
export async function startProduct(port: number, lastseen: string): Promise<Product> {
  const watch = watchMediasoup({ url: lastseen, token: AGENT_TOKEN, mediasoup, name: "product" });
  const worker = await mediasoup.createWorker({ workerBin: findWorkerBinary()?.path ?? "", logLevel: "warn" });
  const router = await worker.createRouter({ mediaCodecs: CODECS });
  const app = express();
  const server = createServer(app);
  const script = await pageScript();
  app.get(
    "/",
    (_request, response) => void response.send("<!doctype html><title>Product</title><script src=page.js></script>"),
  );
  app.get("/page.js", (_request, response) => void response.type("text/javascript").send(script));
  const io = new Server<Signalling>(server);
  const producers = new Map<string, Producer>();
  io.on("connection", (socket) => new Peer(router, producers).listen(socket));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await watch.close();
    await io.close();
    worker.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, worker };
}

async function pageScript(): Promise<string> {
  const entry = new URL("page.ts", import.meta.url).pathname;
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** One page of the product. Its media stays when its socket breaks: this product leaves that to Lastseen. */
class Peer {
  readonly #router: Router;
  readonly #producers: Map<string, Producer>;
  readonly #transports = new Map<string, WebRtcTransport>();

  constructor(router: Router, producers: Map<string, Producer>) {
    this.#router = router;
    this.#producers = producers;
  }

  listen(socket: { on<E extends keyof Signalling>(event: E, listener: Signalling[E]): unknown }): void {
    socket.on("capabilities", (done) => done(this.#router.rtpCapabilities));
    socket.on("createTransport", async ({ sessionId }, done) => done(await this.#createTransport(sessionId)));
    socket.on("connectTransport", async ({ id, dtlsParameters }, done) => {
      await this.#transports.get(id)?.connect({ dtlsParameters });
      done();
    });
    socket.on("produce", async ({ id, kind, rtpParameters }, done) => {
      const producer = await this.#transports.get(id)?.produce({ kind, rtpParameters });
      if (producer) this.#producers.set(producer.id, producer);
      producer?.observer.once("close", () => this.#producers.delete(producer.id));
      done(producer?.id ?? "");
    });
    socket.on("others", ({ own }, done) => done([...this.#producers.keys()].filter((id) => !own.includes(id))));
    socket.on("consume", async ({ id, producerId, rtpCapabilities }, done) => {
      done(await this.#consume(id, producerId, rtpCapabilities));
    });
  }

  async #createTransport(sessionId: string): Promise<TransportOffer> {
    const transport = await this.#router.createWebRtcTransport({ ...WEBRTC, appData: { sessionId } });
    this.#transports.set(transport.id, transport);
    const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
    return { id, iceParameters, iceCandidates, dtlsParameters };
  }

  async #consume(id: string, producerId: string, rtpCapabilities: RtpCapabilities): Promise<ConsumerOffer> {
    const consumer = await this.#transports.get(id)?.consume({ producerId, rtpCapabilities });
    if (!consumer) throw new Error("there is no such transport");
    return { id: consumer.id, producerId, kind: consumer.kind, rtpParameters: consumer.rtpParameters };
  }
}
