/**
 * How long a test waits for what must come. It costs nothing where things go well. On a machine so busy that a service
 * stands still for seconds, the service spares ghosts for another twenty (`COMEBACK_MS` of src/reaper/sweeper.ts).
 */
export const PATIENCE_MS = 60_000;

/** Waits until a condition holds and looks every few milliseconds. Use it for states that send no event. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${timeoutMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
