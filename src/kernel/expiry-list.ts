/**
 * Sessions in the order in which they fall due. One list holds deadlines of one length, so a new deadline belongs at the
 * tail: putting is O(1), and reading what is due costs as much as there is to read. A deadline that is shorter than its
 * neighbours is walked to its place, so the order holds whatever is put.
 */
export class ExpiryEntry<T> {
  readonly item: T;
  /** Virtual milliseconds; meaningless while the entry is in no list. */
  dueAt = 0;
  list: ExpiryList<T> | undefined = undefined;
  previous: ExpiryEntry<T> | undefined = undefined;
  next: ExpiryEntry<T> | undefined = undefined;

  constructor(item: T) {
    this.item = item;
  }

  /** Takes the entry out of its list, if it is in one. */
  remove(): void {
    this.list?.remove(this);
  }
}

export class ExpiryList<T> {
  #head: ExpiryEntry<T> | undefined = undefined;
  #tail: ExpiryEntry<T> | undefined = undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Puts the entry here with a new deadline, taking it out of whatever list it is in. */
  put(entry: ExpiryEntry<T>, dueAt: number): void {
    entry.list?.remove(entry);
    let before = this.#tail;
    while (before && before.dueAt > dueAt) before = before.previous;
    const after = before ? before.next : this.#head;
    entry.dueAt = dueAt;
    entry.list = this;
    entry.previous = before;
    entry.next = after;
    if (before) before.next = entry;
    else this.#head = entry;
    if (after) after.previous = entry;
    else this.#tail = entry;
    this.#size += 1;
  }

  remove(entry: ExpiryEntry<T>): void {
    if (entry.list !== this) return;
    if (entry.previous) entry.previous.next = entry.next;
    else this.#head = entry.next;
    if (entry.next) entry.next.previous = entry.previous;
    else this.#tail = entry.previous;
    entry.list = undefined;
    entry.previous = undefined;
    entry.next = undefined;
    this.#size -= 1;
  }

  /** What is due at `now`, longest overdue first. The result is a copy: the list may change while it is read. */
  due(now: number): T[] {
    const items: T[] = [];
    for (let entry = this.#head; entry && entry.dueAt <= now; entry = entry.next) items.push(entry.item);
    return items;
  }

  /** The earliest deadline, or `undefined` when the list is empty. */
  get nextDueAt(): number | undefined {
    return this.#head?.dueAt;
  }
}
