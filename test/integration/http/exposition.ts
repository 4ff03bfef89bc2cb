import type { TestService } from "../../support/service.js";

/** One scrape, read by metric name and labels. */
export class Scrape {
  readonly text: string;
  readonly #values = new Map<string, number>();

  private constructor(text: string) {
    this.text = text;
    for (const line of text.split("\n")) {
      const sample = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line);
      if (sample?.[1] !== undefined) this.#values.set(sample[1], Number(sample[2]));
    }
  }

  static async of(service: TestService): Promise<Scrape> {
    return new Scrape(await (await service.get("/metrics")).text());
  }

  /** The value of `lastseen_<name>`, labels as they stand in the text; undefined when there is no such sample. */
  value(name: string): number | undefined {
    return this.#values.get(`lastseen_${name}`);
  }

  /** Names of the service's own metrics, without the parts of histograms. */
  get names(): string[] {
    return [...this.text.matchAll(/^# TYPE lastseen_(\w+) /gm)].map(([, name]) => name ?? "");
  }

  get labelNames(): Set<string> {
    const own = this.text.split("\n").filter((line) => line.startsWith("lastseen_"));
    return new Set(own.flatMap((line) => [...line.matchAll(/[{,](\w+)="/g)].map(([, name]) => name ?? "")));
  }
}
