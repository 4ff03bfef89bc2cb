import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { LastseenError } from "@lastseen/protocol";

/** Built beside the service; the same place from `src/http` and from `dist/http`. */
const ROOT = fileURLToPath(new URL("../../dist/ops", import.meta.url));

/**
 * The operator page at `/ops/`. It holds no data and needs no token: it asks for one, and gets everything by the API.
 * Nothing but the service's own files and answers gets into it.
 *
 * @param adminToken undefined: the API asks for none
 * @param adminOpen whether the API is served without a token
 */
export function opsPage({
  adminToken,
  adminOpen,
  root = ROOT,
}: {
  adminToken: string | undefined;
  adminOpen: boolean;
  root?: string;
}): FastifyPluginAsyncTypebox {
  const access = adminToken !== undefined ? "token" : adminOpen ? "open" : "closed";
  return async (app) => {
    const schema = { hide: true };
    if (!existsSync(root)) {
      app.get("/ops", { schema }, () => {
        throw new LastseenError("not_found", "The operator page is not built: npm run build.");
      });
      return;
    }
    await app.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'"],
          connectSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
          // Text never becomes markup here, and the browser sees to it.
          requireTrustedTypesFor: ["'script'"],
          trustedTypes: ["'none'"],
        },
      },
      // Whether there is TLS, and for which hosts, the proxy knows.
      strictTransportSecurity: false,
    });
    app.get("/ops", { schema }, (_request, reply) => reply.redirect("ops/"));
    app.get("/ops/config.json", { schema }, (_request, reply) =>
      reply.header("cache-control", "no-store").send({ access }),
    );
    // A new version of the service comes with a new page.
    await app.register(fastifyStatic, { root, prefix: "/ops/", cacheControl: false, setHeaders: neverStale });
  };
}

function neverStale(reply: FastifyReply): void {
  void reply.header("cache-control", "no-cache");
}
