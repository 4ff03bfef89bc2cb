import type { ConnectionOptions, SecureContext } from "node:tls";
import type { RedisOptions } from "ioredis";

/** A user of Redis or of its sentinels. Without a user name it is the user `default`. */
export interface Login {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/**
 * How this service proves who it is. A client asks for each of them when it begins a connection, so a password or certificate
 * that changes while the service runs counts from the next connection. None of these functions throws.
 */
export interface RedisCredentials {
  redis(): Login;
  /** For the sentinels. */
  sentinel(): Login;
  /** For `rediss://`; undefined: trust the authorities of Node.js, and show no certificate. */
  secureContext(): SecureContext | undefined;
}

/**
 * From now on each new connection of a client asks for its credentials. The client reads its own options when it begins a
 * connection, so these become functions.
 *
 * @param options of a client that has not begun to connect
 */
export function followCredentials(options: RedisOptions, credentials: RedisCredentials): void {
  const read = (get: () => string | undefined): PropertyDescriptor => ({ get, enumerable: true, configurable: true });
  Object.defineProperties(options, {
    username: read(() => credentials.redis().username),
    password: read(() => credentials.redis().password),
    sentinelUsername: read(() => credentials.sentinel().username),
    sentinelPassword: read(() => credentials.sentinel().password),
  });
}

/** The options of TLS, which clients copy for each connection. */
export function tlsOptions(credentials: RedisCredentials): ConnectionOptions {
  return {
    get secureContext() {
      return credentials.secureContext();
    },
  };
}
