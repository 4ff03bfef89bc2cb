import { Emitter } from "../kernel/emitter.js";
import { createCommandClient, type CommandClient } from "./clients.js";
import type { Keys } from "./keys.js";
import type { RedisAddress } from "./redis-url.js";
import type { Script } from "./script.js";

/** Redis could not be asked, or did not answer in time. The command may have been carried out. */
export class RedisUnavailableError extends Error {
  override readonly name = "RedisUnavailableError";
  readonly operation: string;

  /**
   * No cause is kept: the client's errors carry the arguments of the command, so of a login the password.
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
 * The way to Redis for commands. Knows whether it is open: a connection alone does not prove it, an answer does, and a
 * command that is not answered disproves it.
 */
export class RedisLink {
  readonly keys: Keys;
  readonly #client: CommandClient;
  readonly #events: Emitter<LinkEvents>;
  readonly #errors = new Map<string, number>();
  #state: "up" | "down" = "down";
  /** Why it could not connect; told when a command fails because of it. */
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

  /** What has failed so far, by operation: the script's name, `connect`, `subscribe`, or `receive`. */
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
   * @throws RedisUnavailableError at once while there is no connection, else when no answer came in time
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

  /** Runs a short script in the order of the calls: its text goes along, so that no attempt can fail for want of it. */
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
      // What a script itself gets wrong says nothing about the way to it.
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
    // That it is closed need not be told to whoever closed it.
    if (!this.#closed) this.#events.emit("down", { reason });
  }
}

/** Of a cluster: why the last of its nodes could not be reached. */
function reasonOf(error: Error): string {
  if ("lastNodeError" in error && error.lastNodeError instanceof Error) return error.lastNodeError.message;
  return error.message;
}
