/** The options of `connect`, and the checks that tell a wrong one at once instead of waiting for ever. */
import type { Environment } from "./environment.js";
import { kindOf } from "./fields.js";
import type { GetToken } from "./greeter.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";
import { RequestError } from "./request-error.js";

export interface ConnectOptions {
  /** The service: `https://host:3001`, or the same with `wss://` or the `/ws` path. A prefix of the path is kept. */
  readonly url: string;
  /** Returns a token for each hello; asked again with `refused` after the service did not accept one. */
  readonly getToken?: GetToken;
  /** The user, if the service has no authentication (`none`). */
  readonly user?: { readonly id: string; readonly name?: string };
  /** This tab's id, 1–64 characters; by default a random one that the tab's storage keeps. */
  readonly tabId?: string;
  /** Named in the service's logs. */
  readonly client?: { readonly name: string; readonly version?: string };
  /** When to try again; by default {@link FullJitterPolicy}. */
  readonly reconnectPolicy?: ReconnectPolicy;
  /** Whether the browser asks before it closes the page while in a room. Off by default. */
  readonly askBeforeClosing?: boolean;
  /** Gets one line for each kind of trouble, with how to mend it; by default `console.warn`. `false`: nobody. */
  readonly log?: ((line: string) => void) | false;
  /**
   * How to reach the service, instead of by a WebSocket: `socketIoTransport(socket)` of `@lastseen/client/socket.io`. `url` is then
   * only used for what the page says while it goes.
   */
  readonly transport?: Environment["openSocket"];
  /** Replaces parts of the browser, such as timers and the WebSocket constructor. */
  readonly environment?: Partial<Environment>;
}

const KINDS: Readonly<Record<keyof ConnectOptions, string>> = {
  url: "string",
  getToken: "function|undefined",
  user: "object|undefined",
  tabId: "string|undefined",
  client: "object|undefined",
  reconnectPolicy: "object|undefined",
  askBeforeClosing: "boolean|undefined",
  log: "function|boolean|undefined",
  transport: "function|undefined",
  environment: "object|undefined",
};

/** @returns the names of options that do not exist. @throws RequestError `bad_message` that names the wrong option */
export function checkOptions(options: ConnectOptions): string[] {
  for (const [name, kinds] of Object.entries(KINDS)) {
    const kind = kindOf(options[name as keyof ConnectOptions]);
    if (!kinds.split("|").includes(kind)) throw wrong(name, `must be ${kinds.replaceAll("|", " or ")}, not ${kind}`);
  }
  const { url, user } = options;
  if (!/^\s*(http|ws)s?:\/\/[^\s/?#:]/i.test(url))
    throw wrong(
      "url",
      `must begin with https://, http://, wss:// or ws://, like https://calls.example:3001; it is "${url}"`,
    );
  if (user) checkId("user.id", user.id);
  return Object.keys(options).filter((name) => !(name in KINDS));
}

/** The service checks more, and says what is wrong. @throws RequestError `bad_message` */
export function checkId(field: string, id: unknown): void {
  if (typeof id !== "string") throw wrong(field, `must be text, not ${kindOf(id)}`);
  if (!id || id.trim() !== id) throw wrong(field, "must not be empty, nor begin or end with white space");
}

/** @throws RequestError `bad_message` when it is not a JSON object of at most 4 KiB */
export function checkMetadata(metadata: unknown): void {
  let json: string | undefined;
  try {
    json = JSON.stringify(metadata);
  } catch {
    // A loop, or a BigInt.
  }
  if (json?.[0] !== "{") throw wrong("metadata", "must be an object that JSON can carry");
  const { length } = new TextEncoder().encode(json);
  if (length > METADATA_BYTES)
    throw wrong("metadata", `has ${length} bytes as JSON; at most ${METADATA_BYTES} are allowed`);
}

const METADATA_BYTES = 4096;

function wrong(field: string, what: string): RequestError {
  return new RequestError("bad_message", `${field} ${what}.`, { retryable: false });
}
