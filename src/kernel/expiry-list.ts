/**
 * Items in the order in which they fall due. One list usually holds deadlines of one length, so a new deadline belongs at
 * the tail: {@link ExpiryList.put} is O(1), and {@link ExpiryList.due} costs as much as it returns. A shorter deadline is
 * moved towards the head until the order is right.
 */
export class ExpiryEntry<T> {
  readonly item: T;
  /** Virtual milliseconds. Has no meaning while the entry is in no list. */
  dueAt = 0;
  list: ExpiryList<T> | undefined = undefined;
  previous: ExpiryEntry<T> | undefined = undefined;
  next: ExpiryEntry<T> | undefined = undefined;

  constructor(item: T) {
    this.item = item;
  }

  /** Removes the entry from its list, if it is in one. */
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

  /** Puts the entry into this list with a new deadline, and removes it from the list that it was in. */
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

  /** The items that are due at `now`, the longest overdue first. A copy: the list may change while the caller reads it. */
  due(now: number): T[] {
    return this.dueEntries(now).map(({ item }) => item);
  }

  /** The same as {@link due}, with the entries of the items. */
  dueEntries(now: number): ExpiryEntry<T>[] {
    const entries: ExpiryEntry<T>[] = [];
    for (let entry = this.#head; entry && entry.dueAt <= now; entry = entry.next) entries.push(entry);
    return entries;
  }

  /** The earliest deadline, or `undefined` when the list is empty. */
  get nextDueAt(): number | undefined {
    return this.#head?.dueAt;
  }
}
