/**
 * What has been opened, in order, so that it can be closed in the opposite order: after a start that failed half-way
 * and at the regular end alike.
 */
export class DisposalStack {
  readonly #stack: { name: string; release: () => void | Promise<void> }[] = [];
  readonly #onError: (error: unknown, name: string) => void;
  #closing: Promise<void> | undefined;

  constructor(onError: (error: unknown, name: string) => void) {
    this.#onError = onError;
  }

  add(name: string, release: () => void | Promise<void>): void {
    this.#stack.push({ name, release });
  }

  /** Releases everything, last opened first. One that fails is reported and does not keep the rest open. */
  close(): Promise<void> {
    this.#closing ??= this.#unwind();
    return this.#closing;
  }

  async #unwind(): Promise<void> {
    for (let entry = this.#stack.pop(); entry; entry = this.#stack.pop()) {
      try {
        await entry.release();
      } catch (error) {
        this.#onError(error, entry.name);
      }
    }
  }
}
