import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { LIMITS, SUBPROTOCOL } from "../protocol/limits.js";
import type { Gateway } from "./gateway.js";

/** How long a peer may take to answer a closing handshake before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Registers `GET /ws`. A browser of another origin is refused with 403 before the upgrade: the browser itself does not
 * protect WebSockets from foreign pages.
 *
 * @param origins allowed values of the Origin header; a client that sends none is not a browser and is let in
 * @param reconnectSpreadMs within how long clients shall come back after a restart
 */
export async function registerWebSocket(
  app: FastifyInstance,
  options: { gateway: Gateway; origins: readonly string[]; reconnectSpreadMs: number },
): Promise<void> {
  const { gateway, reconnectSpreadMs } = options;
  const origins = new Set(options.origins);
  const serverOptions = {
    maxPayload: LIMITS.frameBytes,
    perMessageDeflate: false,
    clientTracking: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (offered: Set<string>): string | false => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  };
  await app.register(websocket, {
    options: serverOptions,
    preClose(done) {
      gateway.close(reconnectSpreadMs).then(() => done(), done);
    },
  });
  app.get(
    "/ws",
    {
      websocket: true,
      onRequest: async (request, reply) => {
        const { origin } = request.headers;
        if (origin === undefined || origins.has(origin)) return;
        await reply.code(403).send({ error: { code: "forbidden", message: "This origin is not allowed." } });
      },
    },
    (socket) => gateway.accept(socket),
  );
}
