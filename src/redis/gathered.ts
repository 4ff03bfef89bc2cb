interface Asked<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers the questions of one turn of the event loop, so that Redis gets them as one script. */
export class Gathered<Q, A> {
  readonly #ask: (questions: readonly Q[]) => Promise<readonly unknown[]>;
  readonly #read: (reply: unknown) => A;
  readonly #most: number;
  #waiting: Asked<Q, A>[] = [];

  /**
   * @param parts `ask`: resolves with a reply for each question, in their order. `read`: reads one of them; what can't be read fails
   *   that question only. `most`: so many questions has one script. Redis does nothing else while it runs
   */
  constructor(parts: {
    ask: (questions: readonly Q[]) => Promise<readonly unknown[]>;
    read: (reply: unknown) => A;
    most: number;
  }) {
    this.#ask = parts.ask;
    this.#read = parts.read;
    this.#most = parts.most;
  }

  /** Rejects when Redis does not answer. */
  ask(question: Q): Promise<A> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ question, resolve, reject }) === 1) setImmediate(() => this.flush());
    });
  }

  /** Asks what waits now, so that Redis runs it before what the caller asks next. */
  flush(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < all.length; from += this.#most) void this.#askSome(all.slice(from, from + this.#most));
  }

  async #askSome(some: readonly Asked<Q, A>[]): Promise<void> {
    try {
      const replies = await this.#ask(some.map(({ question }) => question));
      if (replies.length !== some.length) throw new Error("Redis has not answered each question");
      for (const [n, { resolve, reject }] of some.entries()) {
        try {
          resolve(this.#read(replies[n]));
        } catch (error) {
          reject(error);
        }
      }
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }
}
