#!/usr/bin/env node
/**
 * The process: it reads the configuration, starts the service, stops it on a signal, and sets the exit code.
 */
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import closeWithGrace from "close-with-grace";
import type { Logger } from "pino";
import { buildApp, type App } from "./composition/app.js";
import { listen } from "./composition/listen.js";
import { ConfigError, loadConfig, type Config } from "./config/load.js";
import { createWebServer } from "./http/web-server.js";
import { DisposalStack } from "./kernel/disposal-stack.js";
import { StartError } from "./kernel/start-error.js";
import { createLogger } from "./observability/logger.js";

/** After a signal and a drain the service has so long to stop. Then the process ends in any case. */
const GRACE_MS = 6_000;
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
  const disposals = new DisposalStack((error, part) => log.error({ err: error, part }, "could not be closed"));
  disposals.defer("service", () => app.close());
  closeWithGrace({ delay: config.DRAIN_TIMEOUT_MS + GRACE_MS, logger: false }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, "unexpected error; stopping");
    else log.info({ signal }, "stopping");
    await disposals.disposeAsync();
    log.info("stopped");
  });
  app.onUnfit((reason) => {
    // The process ends in any case, also when something hangs.
    setTimeout(() => fail(reason), config.DRAIN_TIMEOUT_MS + GRACE_MS).unref();
    void disposals.disposeAsync().finally(() => fail(reason));
  });
  try {
    await open(config, log, app, disposals);
  } catch (error) {
    await disposals.disposeAsync();
    throw error;
  }
}

/** Opens the ports. The port of the service comes last, so that no client arrives before everything is ready. */
async function open(config: Config, log: Logger, app: App, disposals: DisposalStack): Promise<void> {
  const { HOST: host, PORT, WEB_PORT, SERVICE_URL, PUBLIC_URL } = config;
  let servicePort = PORT;
  if (WEB_PORT !== 0) {
    const service = () => ({ serviceUrl: SERVICE_URL ?? PUBLIC_URL ?? null, servicePort });
    const server = await createWebServer({ log, root: WEB_ROOT, service });
    disposals.defer("demo page", () => server.close());
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

function fail(error: unknown): never {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(ConfigError.exitCode);
  }
  const reason = error instanceof StartError ? error.message : inspect(error);
  process.stderr.write(`Lastseen could not start: ${reason}\n`);
  process.exit(1);
}

main().catch(fail);
