/** Ways to become a ghost on purpose, so that somebody can watch in another window how the service removes it. */

/** Longer than the service takes to notice that a page does not answer. */
export const FREEZE_MS = 40_000;
/** Longer than a session waits for a client whose connection broke. */
export const CUT_MS = 45_000;

/**
 * Leaves as a crashed tab does: at once, and without a goodbye. A page cannot crash itself; this one goes to another page and
 * lets the client send no last message.
 */
export function crashTab(): void {
  Object.defineProperty(navigator, "sendBeacon", { value: () => true });
  location.replace("crashed.html");
}

/** Lets the page stand still, as when its script hangs: nothing of it runs until the time is over. */
export function freezeTab(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
