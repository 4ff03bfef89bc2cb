import { existsSync } from "node:fs";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from "fastify";
import { withoutRequestLog } from "./fastify-versions.js";

/**
 * Serves the demo page from its own port, because the page of a product is not served by Lastseen either.
 *
 * @param root folder with the built page
 * @param service where the page finds the service; without a URL, at this port of the page's own host
 * @throws Error when the page has not been built
 */
export async function createWebServer(options: {
  log: FastifyBaseLogger;
  root: string;
  service: () => { serviceUrl: string | null; servicePort: number };
}): Promise<FastifyInstance> {
  if (!existsSync(options.root)) throw new Error(`The demo page is not built: ${options.root} is missing`);
  const app: FastifyInstance = Fastify({
    loggerInstance: options.log,
    ...withoutRequestLog(),
    forceCloseConnections: true,
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // The service has another origin, which only the configuration knows.
        connectSrc: ["'self'", "http:", "https:", "ws:", "wss:"],
        imgSrc: ["'self'", "data:"],
        mediaSrc: ["'self'", "blob:"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    crossOriginEmbedderPolicy: false,
  });
  app.get("/config.json", (_request, reply) => reply.header("cache-control", "no-store").send(options.service()));
  await app.register(fastifyStatic, { root: options.root });
  return app;
}
