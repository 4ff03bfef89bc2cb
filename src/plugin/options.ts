import { fileURLToPath } from "node:url";
import type { FastifyPluginOptions } from "fastify";
import type { Observer, Worker } from "mediasoup/types";
import { configOf, ConfigError, type Config } from "../config/load.js";
import type { Environment, Settings } from "../config/schema.js";
import type { AuthenticateHook } from "./authenticate.js";

const CONFIG_DIRECTORY = fileURLToPath(new URL("../../config", import.meta.url));

/** Settings that the application decides itself, and settings of media workers, which the plugin does not start. */
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

/** Settings that the application's own `authenticate` replaces. */
const AUTHENTICATION = ["AUTH_MODE", "JWT_SECRET", "JWT_JWKS_URL"] as const satisfies readonly (keyof Settings)[];

/** The settings that an application may give. */
type Settable = Omit<Settings, (typeof OF_THE_APPLICATION)[number]>;

/** Settings of the service by their names. Durations in milliseconds. `undefined` counts as not given. */
export type PluginSettings = { [Name in keyof Settable]?: Settable[Name] | undefined };

export interface LastseenOptions extends FastifyPluginOptions {
  /** The prefix of all routes, also of `/ws`; for example `/presence`. */
  prefix?: string;
  /** Replace the defaults of `config/default.json`. */
  settings?: PluginSettings;
  /** The same settings as environment variables, for example `process.env`. The plugin reads no other environment. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Default: `production`. It allows no client without authentication, and serves no admin routes without `ADMIN_TOKEN`. */
  environment?: Environment;
  /** Finds out who a client is, instead of `AUTH_MODE`. */
  authenticate?: AuthenticateHook;
  /**
   * mediasoup workers that the application started before it registered the plugin. They must not have routers yet. Not with the
   * setting `AGENT_TOKEN`: then agents watch the workers.
   */
  workers?: Iterable<Worker>;
  /** The `observer` of the application's own copy of mediasoup, if the plugin has another copy. Not with `AGENT_TOKEN`. */
  observer?: Observer;
}

/** @throws ConfigError with every problem at once */
export function readOptions(options: LastseenOptions): Config {
  const { settings = {}, env, environment = "production", authenticate } = options;
  const misplaced = OF_THE_APPLICATION.filter((name) => name in settings);
  if (misplaced.length > 0) {
    throw new ConfigError(
      misplaced.map(
        (name) => `${name} is a setting of the separate service; inside an application the application decides it`,
      ),
    );
  }
  // The plugin starts no workers, so no setting has to say where they listen.
  const config = configOf({ ...settings, SFU_WORKERS: 0 }, CONFIG_DIRECTORY, {
    environment,
    env,
    passedOver: [...OF_THE_APPLICATION, ...(authenticate ? AUTHENTICATION : [])],
  });
  const watched = (["workers", "observer"] as const).filter((name) => options[name] !== undefined);
  if (config.AGENT_TOKEN !== undefined && watched.length > 0) {
    throw new ConfigError(
      watched.map(
        (name) =>
          `the option ${name} and the setting AGENT_TOKEN exclude each other: give ${name} to the agent of the process that has the media`,
      ),
    );
  }
  return config;
}
