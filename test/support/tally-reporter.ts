import type { Reporter, TestCase } from "vitest/node";

/** Ends the run with what passed only when repeated, what was skipped and why, and one plain line of counts for machines. */
export default class TallyReporter implements Reporter {
  readonly #counts = { passed: 0, failed: 0, skipped: 0 };
  readonly #skipped: string[] = [];
  readonly #repeated: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const result = test.result();
    if (result.state === "pending") return;
    this.#counts[result.state] += 1;
    if (test.diagnostic()?.flaky) this.#repeated.push(`${test.fullName}: ${result.errors?.[0]?.message}`);
    if (result.state === "skipped") this.#skipped.push(`${test.fullName}${result.note ? `: ${result.note}` : ""}`);
  }

  onTestRunEnd(): void {
    const { passed, failed, skipped } = this.#counts;
    const repeated = this.#repeated.map((line) => `  passed only when repeated: ${line}\n`).join("");
    const reasons = this.#skipped.map((line) => `  skipped: ${line}\n`).join("");
    process.stdout.write(`${repeated}${reasons}${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
