#!/usr/bin/env node
/**
 * The process: configuration in, service up, signals obeyed, exit code out.
 */
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import closeWithGrace from "close-with-grace";
import type { Logger } from "pino";
import { buildApp, type App } from "./composition/app.js";
import { ConfigError, loadConfig, type Config } from "./config/load.js";
import { createWebServer } from "./http/web-server.js";
import { StartError } from "./kernel/start-error.js";
import { listen } from "./composition/listen.js";
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
  try {
    await open(config, log, app, web);
  } catch (error) {
    await Promise.all([web.close(), app.close()]);
    throw error;
  }
}

/** Opens the ports, the service's own last: nobody is let in before all else is there. */
async function open(config: Config, log: Logger, app: App, web: { close: () => Promise<void> }): Promise<void> {
  const { HOST: host, PORT, WEB_PORT, SERVICE_URL, PUBLIC_URL } = config;
  let servicePort = PORT;
  if (WEB_PORT !== 0) {
    const service = () => ({ serviceUrl: SERVICE_URL ?? PUBLIC_URL ?? null, servicePort });
    const server = await createWebServer({ log, root: WEB_ROOT, service });
    web.close = () => server.close();
    await listen(server, "WEB_PORT", { port: WEB_PORT, host });
  }
  servicePort = await app.listen();
  announce(log, "service", host, servicePort);
  if (WEB_PORT !== 0) announce(log, "demo page", host, WEB_PORT);
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
  const reason = error instanceof StartError ? error.message : inspect(error);
  process.stderr.write(`Lastseen could not start: ${reason}\n`);
  process.exit(1);
});
