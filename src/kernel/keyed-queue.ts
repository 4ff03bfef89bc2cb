/** Runs tasks of one key one after the other, tasks of different keys side by side. Holds nothing for an idle key. */
export class KeyedQueue<K> {
  /**
   * A new map whenever the last key has gone. One that is filled and emptied for ever gets a new table now and then, and
   * each of these is held by the one before it until the next full collection, with all promises that were ever in it.
   */
  #tails = new Map<K, Promise<void>>();

  run<T>(key: K, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const result = before ? before.then(task) : task();
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    void tail.then(() => {
      if (this.#tails.get(key) !== tail) return;
      if (this.#tails.size === 1) this.#tails = new Map();
      else this.#tails.delete(key);
    });
    return result;
  }

  /** Keys with a task that runs or waits. */
  get size(): number {
    return this.#tails.size;
  }
}
