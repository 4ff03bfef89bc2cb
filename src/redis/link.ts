import { Cluster } from "ioredis";
import { Emitter } from "../kernel/emitter.js";
import type { FailureKind } from "../ports/store-failure.js";
import type { CommandClient } from "./clients.js";
import { failureKind } from "./failure.js";
import type { Keys } from "./keys.js";
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

/** What is wrong with Redis. */
export interface RedisProblem {
  readonly kind: FailureKind;
  /** Redis's words, or those of its client. */
  readonly reason: string;
}

export interface LinkEvents {
  up: undefined;
  down: RedisProblem;
  /** This Redis is a replica. The link has ended its connection, and the next one may find the master. */
  replica: undefined;
}

/**
 * The connection to Redis for commands. It goes down when the connection closes, when a command gets no answer, and when Redis
 * refuses a command because of its own state. After a refusal it is up again when Redis has accepted a write: an answer to a
 * question proves nothing, because a Redis that is full, or that is a replica, answers questions as before.
 */
export class RedisLink {
  readonly keys: Keys;
  readonly #client: CommandClient;
  readonly #events: Emitter<LinkEvents>;
  readonly #errors = new Map<string, number>();
  readonly #failures = new Map<FailureKind, number>();
  /** Why commands don't arrive; undefined when there is a connection. */
  #unreachable: RedisProblem | undefined = problemOf(new Error("not connected yet"));
  /** Why the last command about these keys has failed. In a cluster, they are on different nodes. */
  readonly #silent = new Map<Keys, RedisProblem>();
  /** Why Redis has refused a command; undefined when it has accepted a write since. */
  #refusal: RedisProblem | undefined;
  /** Why there is no connection. It becomes the error of a command that needs one. */
  #noConnection: Error = new Error("not connected yet");
  #closed = false;

  /** @param client from now on the link's own: the link closes it */
  constructor(client: CommandClient, keys: Keys, onListenerError: (error: unknown, event: PropertyKey) => void) {
    this.keys = keys;
    this.#events = new Emitter(onListenerError);
    this.#client = client;
    this.#client.on("ready", () => {
      this.#noConnection = new Error("connection lost");
      this.#change(() => this.#answered());
    });
    this.#client.on("error", (error: Error) => {
      this.#noConnection = error;
      // A client that finds no sentinel has no connection that could close.
      if (this.#unreachable) this.#unreachable = problemOf(error);
      this.countError("connect");
      this.#count(failureKind(error));
    });
    this.#client.on("close", () => this.#change(() => (this.#unreachable = problemOf(this.#noConnection))));
  }

  /** What is wrong; undefined when nothing is. */
  get problem(): RedisProblem | undefined {
    // The link itself ends its connection to a replica, again and again.
    if (this.#refusal?.kind === "replica") return this.#refusal;
    const [silent] = this.#silent.values();
    return this.#unreachable ?? silent ?? this.#refusal;
  }

  get state(): "up" | "down" {
    return this.problem ? "down" : "up";
  }

  /** Number of failures so far, by operation: the script's name, `connect`, `subscribe`, or `receive`. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  /** Number of failures so far, by kind. */
  get failures(): ReadonlyMap<FailureKind, number> {
    return this.#failures;
  }

  /** A caller has proof that Redis has just accepted a write. */
  wrote(): void {
    this.#change(() => {
      this.#answered();
      this.#refusal = undefined;
    });
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
   * @param keys on which it runs; default: those that are not divided
   * @throws RedisUnavailableError at once while there is no connection; later when Redis did not answer in time or the
   *   script failed
   */
  run(script: Script, args: readonly (string | number)[], keys = this.keys): Promise<unknown> {
    const rest = [...script.keys.map((name) => keys.key(name)), ...args];
    return this.#attempt(script.name, keys, async () => {
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
    return this.#attempt(script.name, this.keys, () => this.#client.eval(script.text, script.keys.length, ...rest));
  }

  /** What `INFO` says about a subject, of each master. Rejects when one of them does not answer. */
  async info(subject: string): Promise<readonly string[]> {
    if (this.#client.status !== "ready") throw this.#noConnection;
    const masters = this.#client instanceof Cluster ? this.#client.nodes("master") : [this.#client];
    return Promise.all(masters.map((master) => master.info(subject)));
  }

  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  async #attempt(operation: string, keys: Keys, work: () => Promise<unknown>): Promise<unknown> {
    try {
      if (this.#client.status !== "ready") throw this.#noConnection;
      const reply = await work();
      this.#change(() => this.#answered(keys));
      return reply;
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error("failed");
      const problem = problemOf(error);
      this.countError(operation);
      this.#count(problem.kind);
      if (error !== this.#noConnection) this.#failed(problem, keys);
      throw new RedisUnavailableError(operation, problem.reason);
    }
  }

  #count(kind: FailureKind): void {
    this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1);
  }

  /** @param keys those about which it has answered; default: all */
  #answered(keys?: Keys): void {
    this.#unreachable = undefined;
    if (keys) this.#silent.delete(keys);
    else this.#silent.clear();
  }

  /** A command has failed that was sent. */
  #failed(problem: RedisProblem, keys: Keys): void {
    switch (problem.kind) {
      // An error inside a script says nothing about Redis.
      case "script":
        return;
      case "unreachable":
        this.#change(() => this.#silent.set(keys, problem));
        return;
      default:
        this.#change(() => (this.#refusal = problem));
        if (problem.kind === "replica") this.#events.emit("replica", undefined);
    }
  }

  #change(change: () => void): void {
    const before = this.problem;
    change();
    const after = this.problem;
    // The service has closed the link itself and needs no event.
    if (this.#closed || (before === undefined) === (after === undefined)) return;
    if (after) this.#events.emit("down", after);
    else this.#events.emit("up", undefined);
  }
}

function problemOf(error: Error): RedisProblem {
  // The error of a client for a cluster says that no node can be asked. The error of the last node says why.
  const cause = "lastNodeError" in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;
  return { kind: failureKind(cause), reason: cause.message };
}
