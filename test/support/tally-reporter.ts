import type { Reporter, TestCase } from "vitest/node";

/** Prints the skipped tests with their reasons at the end of a run, and one line of counts that programs can read. */
export default class TallyReporter implements Reporter {
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };
  readonly #skipped: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === "pending") return;
    this.#counts[result.state] += 1;
    if (result.state === "skipped") this.#skipped.push(`${test.fullName}${result.note ? `: ${result.note}` : ""}`);
  }

  onTestRunEnd(): void {
    const { passed, failed, skipped } = this.#counts;
    const reasons = this.#skipped.map((line) => `  skipped: ${line}\n`).join("");
    process.stdout.write(`${reasons}${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
