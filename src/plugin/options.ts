import { fileURLToPath } from "node:url";
import type { FastifyPluginOptions } from "fastify";
import type { Observer, Worker } from "mediasoup/types";
import { configOf, ConfigError, type Config } from "../config/load.js";
import type { Environment, Settings } from "../config/schema.js";
import type { AuthenticateHook } from "./authenticate.js";

const CONFIG_DIRECTORY = fileURLToPath(new URL("../../config", import.meta.url));

/** What the application itself decides, or what belongs to media workers, of which the plugin has none. */
const OF_THE_APPLICATION = [
  "PORT",
  "HOST",
  "WEB_PORT",
  "LOG_LEVEL",
  "SFU_LISTEN_IP",
  "SFU_ANNOUNCED_IP",
  "SFU_PORT",
  "SFU_WORKERS",
  "MEDIASOUP_WORKER_BIN",
] as const satisfies readonly (keyof Settings)[];

/** What an application's own authentication takes the place of. */
const AUTHENTICATION = ["AUTH_MODE", "JWT_SECRET"] as const satisfies readonly (keyof Settings)[];

/** What an application may set. */
type Settable = Omit<Settings, (typeof OF_THE_APPLICATION)[number]>;

/** The settings of the service by their names, as values; durations in milliseconds. `undefined` is not given. */
export type PluginSettings = { [Name in keyof Settable]?: Settable[Name] | undefined };

export interface LastseenOptions extends FastifyPluginOptions {
  /** Stands before all routes, `/ws` included; for example `/presence`. */
  prefix?: string;
  /** Over the defaults of `config/default.json`. */
  settings?: PluginSettings;
  /** The same settings by the names of their environment variables, for example `process.env`; not read unless given. */
  env?: Readonly<Record<string, string | undefined>>;
  /** `production` unless given: no access without authentication, and no operator's routes without `ADMIN_TOKEN`. */
  environment?: Environment;
  /** Finds out who says hello, instead of `AUTH_MODE`. */
  authenticate?: AuthenticateHook;
  /** mediasoup workers that the application has started before it registers the plugin; they must not have routers yet. */
  workers?: Iterable<Worker>;
  /** The `observer` of the application's own copy of mediasoup, if it does not share the plugin's. */
  observer?: Observer;
}

/** @throws ConfigError with every problem at once */
export function readOptions(options: LastseenOptions): Config {
  const { settings = {}, env, environment = "production", authenticate } = options;
  const misplaced = OF_THE_APPLICATION.filter((name) => name in settings);
  if (misplaced.length > 0) {
    throw new ConfigError(
      misplaced.map((name) => `${name} is for the service of its own: here the application decides`),
    );
  }
  // No workers of its own, so that nothing has to be known about where they would listen.
  return configOf({ ...settings, SFU_WORKERS: 0 }, CONFIG_DIRECTORY, {
    environment,
    env,
    passedOver: [...OF_THE_APPLICATION, ...(authenticate ? AUTHENTICATION : [])],
  });
}
