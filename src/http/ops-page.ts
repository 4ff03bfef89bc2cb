import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import helmet from "@fastify/helmet";
import fastifyStatic from "@fastify/static";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { LastseenError } from "@lastseen/protocol";

/** The build puts the page here. The path is the same from `src/http` and from `dist/http`. */
const ROOT = fileURLToPath(new URL("../../dist/ops", import.meta.url));

/**
 * Serves the operator page at `/ops/`. The page itself has no data and needs no token. It asks its user for the token and reads
 * everything from the API. Its content security policy allows only files and answers of the service.
 *
 * @param adminToken undefined: the API needs no token
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
          // With this the browser itself refuses to turn text into markup.
          requireTrustedTypesFor: ["'script'"],
          trustedTypes: ["'none'"],
        },
      },
      // Only the proxy knows whether there is TLS, and for which hosts.
      strictTransportSecurity: false,
    });
    app.get("/ops", { schema }, (_request, reply) => reply.redirect("ops/"));
    app.get("/ops/config.json", { schema }, (_request, reply) =>
      reply.header("cache-control", "no-store").send({ access }),
    );
    // A new version of the service brings a new page.
    await app.register(fastifyStatic, { root, prefix: "/ops/", cacheControl: false, setHeaders: neverStale });
  };
}

function neverStale(reply: FastifyReply): void {
  void reply.header("cache-control", "no-cache");
}
