import type { Candidate } from "./types.js";

/** Which of the others' producers this page receives. */
export type SubscriptionRule = "all" | "none" | ((candidate: Candidate) => boolean);

/** What the page wants to receive: a rule for all producers, and choices of single ones against it. */
export class Choice {
  readonly #single = new Map<string, boolean>();
  #rule: SubscriptionRule;

  constructor(rule: SubscriptionRule = "all") {
    this.#rule = rule;
  }

  wants(candidate: Candidate): boolean {
    const byRule = (): boolean => (typeof this.#rule === "function" ? this.#rule(candidate) : this.#rule === "all");
    return this.#single.get(candidate.producer.id) ?? byRule();
  }

  set(producerId: string, isWanted: boolean): void {
    this.#single.set(producerId, isWanted);
  }

  /** Sets another rule, and forgets the choices of single producers. */
  follow(rule: SubscriptionRule): void {
    this.#rule = rule;
    this.forget();
  }

  /** Forgets the choices of single producers. */
  forget(): void {
    this.#single.clear();
  }
}
