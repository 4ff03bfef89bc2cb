import type { Server } from "node:http";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { AGENT_PATH } from "@lastseen/protocol/agent";
import { addressMatcher } from "../config/addresses.js";
import { listOf } from "../config/lists.js";
import type { Config } from "../config/load.js";
import { withLongIds, withoutRequestLog } from "../http/fastify-versions.js";
import { createLogger } from "../observability/logger.js";
import { lastseen } from "../plugin/index.js";
import type { Lastseen } from "../plugin/lastseen.js";
import { readOptions, type LastseenOptions } from "../plugin/options.js";
import { Front } from "./front.js";

type OwnOptions = "prefix" | "settings" | "env" | "environment" | "authenticate" | "workers" | "observer";

export interface AttachOptions extends Pick<LastseenOptions, OwnOptions> {
  /**
   * Where the log goes: a logger with pino's methods. Default: JSON lines on the standard output, from the level `info` on.
   * `false`: nowhere.
   */
  logger?: FastifyBaseLogger | false;
}

/** {@link Lastseen} on a server of the application, and its end. */
export interface AttachedLastseen extends Lastseen {
  /**
   * Hands the sessions over to other nodes, or ends them; tells the clients when to come back, and closes their sockets. The server
   * of the application goes on. `server.close()` does the same first, so an application that only closes its server needs no call
   * of this. Idempotent. Takes up to `DRAIN_TIMEOUT_MS` and some seconds.
   */
  close(): Promise<void>;
}

/** Servers that Lastseen is attached to. Twice on one server would be two nodes that do not know each other. */
const attached = new WeakSet<Server>();

/**
 * Puts Lastseen on the HTTP server of the application: its routes below `prefix`, and its WebSocket at `<prefix>/ws`. All other
 * requests and upgrades go to the listeners of the application, as before. It does not listen on a port and handles no signals.
 *
 * @param server of `http.createServer(app)`, or `app.getHttpServer()` in Nest. It may listen already
 * @returns when clients may come
 * @throws TypeError when `server` is no HTTP server, or `prefix` is wrong
 * @throws ConfigError with every problem of the settings at once
 */
export async function attachLastseen(server: Server, options: AttachOptions = {}): Promise<AttachedLastseen> {
  assertServer(server);
  const { logger, prefix = "", settings = {}, ...others } = options;
  assertPrefix(prefix);
  if (attached.has(server)) throw new Error("Lastseen is already attached to this server; attach it once.");
  const config = readOptions({ settings, ...others });
  attached.add(server);
  const end = { front: undefined as Front | undefined, closing: undefined as Promise<void> | undefined };
  const app = createApp(config, logger, (request, response) => end.front?.pass(request, response));
  const close = (): Promise<void> => {
    end.closing ??= app.close().finally(() => {
      end.front?.release();
      attached.delete(server);
    });
    return end.closing;
  };
  try {
    // The name that the log has.
    await app.register(lastseen, { ...others, prefix, settings: { ...settings, NODE_ID: config.NODE_ID } });
    await app.ready();
  } catch (error) {
    await close();
    throw error;
  }
  const closeFirst = (): void =>
    void close().catch((error: unknown) => app.log.error({ err: error }, "Lastseen could not be closed"));
  const webSockets = ["/ws", ...(config.AGENT_TOKEN === undefined ? [] : [AGENT_PATH])];
  end.front = new Front(server, { inner: app.server, prefix, webSockets, onClose: closeFirst });
  return Object.assign(app.lastseen, { close });
}

/**
 * Its own server never listens: {@link Front} hands it the requests.
 *
 * @param pass gets every request that no route of Lastseen is meant for, before anything reads its body or answers it
 */
function createApp(config: Config, logger: AttachOptions["logger"], pass: Front["pass"]): FastifyInstance {
  const log = logger ?? createLogger({ level: "info", pretty: false, nodeId: config.NODE_ID });
  const handOver = ({ raw }: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    pass(raw, reply.raw);
  };
  const app: FastifyInstance = Fastify({
    ...(log === false ? { logger: false } : { loggerInstance: log }),
    trustProxy: addressMatcher(listOf(config.TRUSTED_PROXIES)),
    ...withoutRequestLog(),
    // While it closes, health checks still get an answer that says why.
    return503OnClosing: false,
    ...withLongIds(),
    frameworkErrors(error, request, given) {
      const reply = given as FastifyReply;
      // A path that is no valid one for Fastify may be one for the application.
      if (error.code === "FST_ERR_BAD_URL") handOver(request as FastifyRequest, reply);
      else void reply.code(error.statusCode ?? 500).send(error);
    },
  });
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) handOver(request, reply);
    else done();
  });
  return app;
}

function assertServer(server: unknown): asserts server is Server {
  const { listen, closeAllConnections } = Object(server) as Partial<Server>;
  if (typeof listen === "function" && typeof closeAllConnections === "function") return;
  throw new TypeError(
    "attachLastseen: server must be an HTTP server, not the application: give it what createServer(app) returns, " +
      "or app.getHttpServer() in Nest.",
  );
}

function assertPrefix(prefix: unknown): void {
  if (typeof prefix === "string" && /^(\/[^/?#\s]+)*$/.test(prefix)) return;
  throw new TypeError('attachLastseen: prefix must begin with a "/" and not end with one, like "/presence".');
}
