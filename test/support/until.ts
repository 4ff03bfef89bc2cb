/**
 * A test waits for a condition for this time. A test that passes does not wait so long. When a busy machine stops a service
 * for seconds, the service keeps ghosts for twenty seconds more (`COMEBACK_MS` of src/reaper/sweeper.ts).
 */
export const PATIENCE_MS = 60_000;

/**
 * Waits until a condition holds, and checks it every few milliseconds. Use it for states that send no event.
 *
 * @param everyMs how often it is checked: a check that takes long would disturb what it waits for
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  timeoutMs = PATIENCE_MS,
  everyMs = 20,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${timeoutMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
