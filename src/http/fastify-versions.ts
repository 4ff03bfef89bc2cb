import { createRequire } from "node:module";
import * as fastify from "fastify";
import type { FastifyServerOptions } from "fastify";
import { LIMITS } from "@lastseen/protocol";

/** Fastify before 5.11 has no `LogController`. */
const { LogController } = fastify as Partial<Pick<typeof fastify, "LogController">>;

/** Since 5.5 Fastify has `routerOptions`, and warns of the options that it had before. */
const { version } = createRequire(import.meta.url)("fastify/package.json") as { version: string };
const hasRouterOptions = !/^5\.[0-4]\./.test(version);

/** Options of a server that writes no log line for each request. */
export function withoutRequestLog(): FastifyServerOptions {
  return LogController
    ? { logController: new LogController({ disableRequestLogging: true }) }
    : { disableRequestLogging: true };
}

/** Options of a server that takes ids of any length in its paths. An id is longest when each of its characters is percent-encoded. */
export function withLongIds(): FastifyServerOptions {
  const maxParamLength = LIMITS.idLength * 3;
  return hasRouterOptions ? { routerOptions: { maxParamLength } } : { maxParamLength };
}
