/**
 * Whether the service answers this page. Two askers report here: the pulse, a small question every two seconds, and the
 * questions for what the page shows. Without an answer of the last few seconds the page shows nothing as good news.
 */
import { computed, signal } from "@preact/signals";
import { Refused } from "./api.js";

/** Without any answer for so long, nobody knows how the service is. */
export const SILENCE_MS = 5_000;

export interface Problem {
  /** Fits before "since 12:03:04". */
  readonly brief: string;
  /** A sentence. */
  readonly text: string;
}

const NO_ANSWER: Problem = { brief: "No answer", text: "The service does not answer." };

type Asker = "pulse" | "data";

export class Contact {
  /** When the last answer came; undefined: none yet. */
  readonly answeredAt = signal<Date | undefined>(undefined);
  readonly #problems = signal<Readonly<Record<Asker, Problem | undefined>>>({ pulse: undefined, data: undefined });
  readonly #isSilent = signal(false);
  /** Undefined while the service answers. */
  readonly problem = computed(() => {
    const { pulse, data } = this.#problems.value;
    return pulse ?? data ?? (this.#isSilent.value ? NO_ANSWER : undefined);
  });
  readonly #now: () => number;
  #heardAt: number;

  /** @param now epoch ms: it goes on while the machine sleeps */
  constructor(now: () => number) {
    this.#now = now;
    this.#heardAt = now();
  }

  answered(asker: Asker): void {
    this.#heardAt = this.#now();
    this.answeredAt.value = new Date(this.#heardAt);
    this.#setProblem(asker, undefined);
    this.tick();
  }

  failed(asker: Asker, error: unknown): void {
    this.#setProblem(asker, problemOf(error));
  }

  /** To be called every second, and when the page is shown again. */
  tick(): void {
    this.#isSilent.value = this.#now() - this.#heardAt > SILENCE_MS;
  }

  #setProblem(asker: Asker, problem: Problem | undefined): void {
    if (this.#problems.value[asker]?.text === problem?.text) return;
    this.#problems.value = { ...this.#problems.value, [asker]: problem };
  }
}

function problemOf(error: unknown): Problem {
  if (!(error instanceof Refused)) return NO_ANSWER;
  return { brief: "Only errors", text: `The service answers with an error: ${error.message}` };
}
