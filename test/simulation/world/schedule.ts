/** One item with its moment. */
export interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
  live: boolean;
}

/**
 * A queue of items by their moment: a binary heap, earliest first. Items of the same moment keep the order in which they
 * were added. Cancelled entries stay in the heap until their moment.
 */
export class Schedule<T> {
  readonly #heap: Entry<T>[] = [];
  #order = 0;
  #live = 0;

  /** Number of entries that were neither taken nor cancelled. */
  get size(): number {
    return this.#live;
  }

  /** When the next entry is due; `Infinity` when there is none. */
  get nextAt(): number {
    let first = this.#heap[0];
    while (first && !first.live) {
      this.#removeFirst();
      first = this.#heap[0];
    }
    return first ? first.at : Infinity;
  }

  add(at: number, item: T): Entry<T> {
    const entry: Entry<T> = { at, order: this.#order++, item, live: true };
    this.#live += 1;
    this.#rise(entry);
    return entry;
  }

  cancel(entry: Entry<T>): void {
    if (!entry.live) return;
    entry.live = false;
    this.#live -= 1;
  }

  take(): Entry<T> | undefined {
    if (this.nextAt === Infinity) return undefined;
    const first = this.#heap[0];
    this.#removeFirst();
    if (first) {
      first.live = false;
      this.#live -= 1;
    }
    return first;
  }

  #rise(entry: Entry<T>): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as Entry<T>;
      if (isBefore(parent, entry)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry<T>, heap[child] as Entry<T>)) child += 1;
      if (isBefore(last, heap[child] as Entry<T>)) break;
      heap[index] = heap[child] as Entry<T>;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
