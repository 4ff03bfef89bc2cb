/** Runs the tasks of one key one after the other, and tasks of different keys at the same time. An idle key uses no memory. */
export class KeyedQueue<K> {
  /**
   * A new map replaces this one whenever it becomes empty. V8 gives a map that is filled and emptied again and again a new
   * table from time to time. The old table keeps the new one alive until the next full garbage collection, and with it all
   * promises that it ever held.
   */
  #tails = new Map<K, Promise<void>>();

  run<T>(key: K, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const result = before ? before.then(task) : task();
    const ended = (): void => {
      if (this.#tails.get(key) !== tail) return;
      if (this.#tails.size === 1) this.#tails = new Map();
      else this.#tails.delete(key);
    };
    const tail: Promise<void> = result.then(ended, ended);
    this.#tails.set(key, tail);
    return result;
  }

  /** Whether a task of this key runs or waits. */
  isBusy(key: K): boolean {
    return this.#tails.has(key);
  }

  /** The number of keys with a task that runs or waits. */
  get size(): number {
    return this.#tails.size;
  }
}
