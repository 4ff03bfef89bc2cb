import { hostname } from "node:os";
import type { Observer, Worker } from "mediasoup/types";
import { toWellFormed } from "@lastseen/protocol";

/** Where the agent writes what operators should know; a pino logger has these methods. */
export interface AgentLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface WatchOptions {
  /** The address of the service, with its path prefix if it has one: `https://lastseen.example`. */
  url: string;
  /** The service's `AGENT_TOKEN`. `undefined` is refused: a variable of the environment may be missing. */
  token: string | undefined;
  /** The mediasoup that makes your media: `import * as mediasoup from "mediasoup"`. */
  mediasoup: { readonly observer: Observer };
  /** Workers that you started before. They must not have routers yet, because mediasoup announces nothing in those. */
  workers?: Iterable<Worker>;
  /** What operators see. Give each process its own name. Default: the name of the host and the process id. */
  name?: string;
  /** Default: warnings and errors, as JSON lines on the standard error. `false`: nowhere. */
  logger?: AgentLogger | false;
}

export interface MediasoupWatch {
  /**
   * Says goodbye to the service and stops. Call it when the process stops, after you have closed your workers. The service sees
   * nothing of media that goes on. Idempotent; takes at most a second.
   */
  close(): Promise<void>;
}

/** Options that were checked. */
export interface CheckedOptions {
  /** The address of the WebSocket. */
  readonly address: string;
  readonly token: string;
  readonly source: Observer;
  readonly workers: Iterable<Worker>;
  readonly name: string;
  readonly logger: AgentLogger;
}

const MOST_NAME = 200;

/**
 * @param path of the WebSocket below the address of the service
 * @throws TypeError that names the option and says how to mend it, and does not repeat the token
 */
export function checkOptions(options: WatchOptions, path: string): CheckedOptions {
  const { url, token, mediasoup, workers = [], logger } = options;
  if (typeof token !== "string" || token.trim() === "" || /[^\u0020-\u007e]/.test(token)) {
    throw new TypeError("watchMediasoup: token must be the AGENT_TOKEN of the service, text of ASCII characters.");
  }
  const { observer } = Object(mediasoup) as Partial<WatchOptions["mediasoup"]>;
  if (typeof observer?.on !== "function") {
    throw new TypeError('watchMediasoup: mediasoup must be your mediasoup: import * as mediasoup from "mediasoup".');
  }
  const { name = `${hostname()}-${process.pid}` } = options;
  if (typeof name !== "string" || name.trim() === "" || name.length > MOST_NAME) {
    throw new TypeError(`watchMediasoup: name must be text of 1 to ${MOST_NAME} characters.`);
  }
  const log = logger === false ? SILENT : (logger ?? STANDARD_ERROR);
  const shownName = toWellFormed(name);
  return { address: addressOf(url, path), token, source: observer, workers, name: shownName, logger: log };
}

function addressOf(url: string, path: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const secure = { "http:": "ws:", "https:": "wss:", "ws:": "ws:", "wss:": "wss:" }[parsed?.protocol ?? ""];
  if (!parsed || !secure) {
    throw new TypeError("watchMediasoup: url must be the address of the service, like https://lastseen.example.");
  }
  return `${secure}//${parsed.host}${parsed.pathname.replace(/\/+$/, "")}${path}`;
}

const nothing = (): void => {};
const SILENT: AgentLogger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const STANDARD_ERROR: AgentLogger = {
  ...SILENT,
  warn: (fields, message) => writeLine("warn", fields, message),
  error: (fields, message) => writeLine("error", fields, message),
};

function writeLine(level: string, fields: object, message: string): void {
  const shown = Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]);
  const line = { level, time: Date.now(), part: "lastseen agent", ...Object.fromEntries(shown), msg: message };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
