/** So many requests that the backend has taken raise the size from one event to the most. */
const STEPS = 20;

/**
 * How many events one request may have. A request that fails halves the number: perhaps the backend can't take so many
 * events within the time that it has. Each request that the backend takes raises it a little.
 */
export class BatchSize {
  readonly #most: number;
  #now: number;

  /** @param most at least 1 */
  constructor(most: number) {
    this.#most = most;
    this.#now = most;
  }

  get now(): number {
    return this.#now;
  }

  delivered(): void {
    this.#now = Math.min(this.#most, this.#now + Math.ceil(this.#most / STEPS));
  }

  /** @param events number of events in the request that failed */
  failed(events: number): void {
    this.#now = Math.min(this.#now, Math.ceil(events / 2));
  }
}
