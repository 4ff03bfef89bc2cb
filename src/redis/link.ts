import { Emitter } from "../kernel/emitter.js";
import { createCommandClient, type CommandClient } from "./clients.js";
import type { Keys } from "./keys.js";
import type { RedisAddress } from "./redis-url.js";
import type { Script } from "./script.js";

/** Redis could not be reached, or did not answer in time. Redis may have run the command all the same. */
export class RedisUnavailableError extends Error {
  override readonly name = "RedisUnavailableError";
  readonly operation: string;

  /**
   * The error has no cause: the Redis client's errors contain the arguments of the command, and those of a login contain
   * the password.
   *
   * @param operation name of the script that failed
   */
  constructor(operation: string, message: string) {
    super(`${operation}: ${message}`);
    this.operation = operation;
  }
}

export interface LinkEvents {
  up: undefined;
  down: { reason: string };
}

/**
 * The connection to Redis for commands. It is up when it is ready or Redis has answered a command, and down when it has
 * closed or a command got no answer.
 */
export class RedisLink {
  readonly keys: Keys;
  readonly #client: CommandClient;
  readonly #events: Emitter<LinkEvents>;
  readonly #errors = new Map<string, number>();
  #state: "up" | "down" = "down";
  /** Why it could not connect: the text of the error when a command fails because of it. */
  #problem = "not connected yet";
  #closed = false;

  constructor(address: RedisAddress, keys: Keys, onListenerError: (error: unknown, event: PropertyKey) => void) {
    this.keys = keys;
    this.#events = new Emitter(onListenerError);
    this.#client = createCommandClient(address);
    this.#client.on("ready", () => this.#rose());
    this.#client.on("error", (error: Error) => {
      this.#problem = reasonOf(error);
      this.countError("connect");
    });
    this.#client.on("close", () => this.#fell(this.#problem));
  }

  get state(): "up" | "down" {
    return this.#state;
  }

  /** Number of failures so far, by operation: the script's name, `connect`, `subscribe`, or `receive`. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  on<K extends keyof LinkEvents>(event: K, listener: (payload: LinkEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  countError(operation: string): void {
    this.#errors.set(operation, (this.#errors.get(operation) ?? 0) + 1);
  }

  /**
   * Runs a script.
   *
   * @throws RedisUnavailableError at once while there is no connection; later when Redis did not answer in time or the
   *   script failed
   */
  run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const rest = [...script.keys.map((name) => this.keys.key(name)), ...args];
    return this.#attempt(script.name, async () => {
      try {
        return await this.#client.evalsha(script.sha1, script.keys.length, ...rest);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
        return this.#client.eval(script.text, script.keys.length, ...rest);
      }
    });
  }

  /**
   * Runs a short script. Redis runs the scripts in the order of the calls: each call sends the script's text, so none has to
   * be repeated because Redis does not know the script.
   *
   * @throws RedisUnavailableError as {@link run} does
   */
  runInOrder(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const rest = [...script.keys.map((name) => this.keys.key(name)), ...args];
    return this.#attempt(script.name, () => this.#client.eval(script.text, script.keys.length, ...rest));
  }

  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  async #attempt(operation: string, work: () => Promise<unknown>): Promise<unknown> {
    try {
      if (this.#client.status !== "ready") throw new Error(this.#problem);
      const reply = await work();
      this.#rose();
      return reply;
    } catch (error) {
      const message = error instanceof Error ? error.message : "failed";
      this.countError(operation);
      // An error inside a script says nothing about the connection.
      if (!message.startsWith("ERR")) this.#fell(message);
      throw new RedisUnavailableError(operation, message);
    }
  }

  #rose(): void {
    if (this.#state === "up" || this.#closed) return;
    this.#state = "up";
    this.#problem = "connection lost";
    this.#events.emit("up", undefined);
  }

  #fell(reason: string): void {
    if (this.#state === "down") return;
    this.#state = "down";
    // The service has closed the link itself and needs no event.
    if (!this.#closed) this.#events.emit("down", { reason });
  }
}

/** The error's text. For a cluster: why the last of its nodes could not be reached. */
function reasonOf(error: Error): string {
  if ("lastNodeError" in error && error.lastNodeError instanceof Error) return error.lastNodeError.message;
  return error.message;
}
