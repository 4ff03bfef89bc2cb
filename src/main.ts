#!/usr/bin/env node
/**
 * The process: configuration in, service up, signals obeyed, exit code out.
 */
import { fileURLToPath } from "node:url";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import closeWithGrace from "close-with-grace";
import type { Logger } from "pino";
import { buildApp } from "./app.js";
import { ConfigError, loadConfig, type Config } from "./config/load.js";
import { createWebServer } from "./http/web-server.js";
import { createLogger } from "./observability/logger.js";

/** The service stops by itself within this time after a signal; after it, it is stopped. */
const GRACE_MS = 10_000;
const CONFIG_DIRECTORY = fileURLToPath(new URL("../config", import.meta.url));
const WEB_ROOT = fileURLToPath(new URL("../dist/web", import.meta.url));

async function main(): Promise<void> {
  const config = loadConfig(process.env, CONFIG_DIRECTORY);
  const log = createLogger({
    level: config.LOG_LEVEL,
    pretty: config.ENVIRONMENT === "development",
    nodeId: config.NODE_ID,
  });
  const app = await buildApp(config, log);
  const web = { close: (): Promise<void> => Promise.resolve() };
  closeWithGrace({ delay: GRACE_MS, logger: false }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, "unexpected error; stopping");
    else log.info({ signal }, "stopping");
    await Promise.all([web.close(), app.close()]);
    log.info("stopped");
  });
  const port = await app.listen();
  announce(log, "service", config.HOST, port);
  if (config.WEB_PORT === 0) return;
  const server = await createWebServer({
    log,
    root: WEB_ROOT,
    service: () => ({ serviceUrl: config.SERVICE_URL ?? config.PUBLIC_URL ?? null, servicePort: port }),
  });
  web.close = () => server.close();
  await server.listen({ port: config.WEB_PORT, host: config.HOST });
  announce(log, "demo page", config.HOST, (server.server.address() as AddressInfo).port);
}

function announce(log: Logger, what: string, host: Config["HOST"], port: number): void {
  const shown = host === "0.0.0.0" || host === "::" || host === "127.0.0.1" ? "localhost" : host;
  log.info({ port }, `${what}: http://${shown}:${port}`);
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(ConfigError.exitCode);
  }
  // With what caused it, such as a port that is taken.
  process.stderr.write(`Lastseen could not start: ${inspect(error)}\n`);
  process.exit(1);
});
