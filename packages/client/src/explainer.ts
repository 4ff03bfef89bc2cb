/** Asks why a WebSocket could not be opened. The part that asks is loaded when it is first needed. */
import type { Asker } from "./diagnosis.js";
import type { Environment } from "./environment.js";
import type { Trouble } from "./trouble.js";

export class Explainer {
  readonly #environment: Pick<Environment, "fetch" | "timers">;
  #asker: Promise<Asker> | undefined;

  constructor(environment: Pick<Environment, "fetch" | "timers">) {
    this.#environment = environment;
  }

  /**
   * Never rejects.
   *
   * @param base the service's address, `http://` or `https://`
   * @param patienceMs for all requests of the diagnosis together
   */
  async explain(base: string, patienceMs: number): Promise<Trouble> {
    const { fetch, timers } = this.#environment;
    try {
      if (fetch) {
        this.#asker ??= import("./diagnosis.js").then((loaded) => new loaded.Asker(fetch, timers));
        return await (await this.#asker).ask(base, patienceMs);
      }
    } catch {
      // The page's own server does not answer either.
      this.#asker = undefined;
    }
    return { kind: "unreachable", message: `The WebSocket to ${base} could not be opened.` };
  }

  /** Ends the requests; leaves no timer behind. */
  cancel(): void {
    void this.#asker?.then((asker) => asker.cancel());
    this.#asker = undefined;
  }
}
