/**
 * Remembers what was opened, and closes it in the opposite order: at the regular end, and after a start that failed
 * half-way. It has the shape of the language's own `AsyncDisposableStack`, which Node 20 does not have, with two
 * differences: each entry has a name, and an entry that fails does not make {@link disposeAsync} reject.
 */
export class DisposalStack {
  readonly #stack: { name: string; dispose: () => unknown }[] = [];
  readonly #onError: (error: unknown, name: string) => void;
  #disposing: Promise<void> | undefined;

  /** @param onError told of each entry that failed, with its name */
  constructor(onError: (error: unknown, name: string) => void) {
    this.#onError = onError;
  }

  /** Adds an entry. At the end `dispose` is called, and the promise that it may return is awaited. */
  defer(name: string, dispose: () => unknown): void {
    this.#stack.push({ name, dispose });
  }

  /** Disposes of all entries, the last one first. Idempotent; never rejects. */
  disposeAsync(): Promise<void> {
    this.#disposing ??= this.#unwind();
    return this.#disposing;
  }

  async #unwind(): Promise<void> {
    for (let entry = this.#stack.pop(); entry; entry = this.#stack.pop()) {
      try {
        await entry.dispose();
      } catch (error) {
        this.#onError(error, entry.name);
      }
    }
  }
}
