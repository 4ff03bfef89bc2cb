import type { Reporter, TestCase } from "vitest/node";

/**
 * Prints at the end of a run: the skipped tests with their reasons, the tests that passed only at their second attempt, and one
 * line of counts that programs can read.
 */
export default class TallyReporter implements Reporter {
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };
  readonly #skipped: string[] = [];
  readonly #unsteady: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === "pending") return;
    this.#counts[result.state] += 1;
    if (test.diagnostic()?.flaky) this.#unsteady.push(`${test.fullName}: ${result.errors?.[0]?.message ?? ""}`);
    if (result.state === "skipped") this.#skipped.push(`${test.fullName}${result.note ? `: ${result.note}` : ""}`);
  }

  onTestRunEnd(): void {
    const { passed, failed, skipped } = this.#counts;
    const reasons = this.#skipped.map((line) => `  skipped: ${line}\n`).join("");
    const unsteady = this.#unsteady.map((line) => `  passed at the second attempt: ${line}\n`).join("");
    process.stdout.write(`${reasons}${unsteady}${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
