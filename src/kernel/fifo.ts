/** Below this length it does not matter that removed items still take up space. */
const SHORT = 64;

/** A queue. Adding and removing cost O(1) however long it is, while `Array.shift` moves all items of a long array. */
export class Fifo<T> {
  #items: T[] = [];
  /** Index of the first item. The items before it are removed. */
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Removes the oldest item. */
  shift(): T | undefined {
    return this.take(1)[0];
  }

  /** Removes the oldest items, at most so many. */
  take(most: number): T[] {
    const taken = this.#items.slice(this.#head, this.#head + most);
    this.#head += taken.length;
    if (this.#head > SHORT && this.#head * 2 > this.#items.length) this.replace([...this]);
    return taken;
  }

  /** Puts these items in place of all others. */
  replace(items: readonly T[]): void {
    this.#items = [...items];
    this.#head = 0;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items.slice(this.#head).values();
  }
}
