/**
 * What has been opened, in order, so that it is closed in the opposite order: after a start that failed half-way and at
 * the regular end alike. Shaped like the language's own `AsyncDisposableStack`, which Node 20 does not have, with two
 * differences: each entry has a name, and an entry that fails does not make {@link disposeAsync} reject.
 */
export class DisposalStack {
  readonly #stack: { name: string; dispose: () => unknown }[] = [];
  readonly #onError: (error: unknown, name: string) => void;
  #disposing: Promise<void> | undefined;

  /** @param onError told of each entry that could not be disposed of, by its name */
  constructor(onError: (error: unknown, name: string) => void) {
    this.#onError = onError;
  }

  /** Calls `dispose` at the end, and waits for the promise that it may return. */
  defer(name: string, dispose: () => unknown): void {
    this.#stack.push({ name, dispose });
  }

  /** Disposes of everything, last opened first. Idempotent; never rejects. */
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
