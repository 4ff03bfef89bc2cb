/**
 * Tells the service, before anything else of the page is loaded, that the sessions of this tab come back. Otherwise a reload
 * that takes longer than `RELOAD_GRACE_MS` loses them. The build makes this file a small script without imports and exports
 * for the head of a page. {@link TabMemory} wrote what it reads: one place for each client of the page.
 *
 * @module
 */
for (let place = 1; place < 9; place++) {
  try {
    const text = sessionStorage.getItem(place > 1 ? `lastseen:${place}` : "lastseen");
    const stored = JSON.parse(text ?? "{}") as { ticket?: object; url?: string };
    if (stored.ticket && stored.url) {
      // A body of text needs no preflight, and nobody reads the answer.
      const init = { method: "POST", mode: "no-cors", credentials: "omit", keepalive: true, priority: "high" } as const;
      fetch(`${stored.url}/api/sessions/hold`, { ...init, body: JSON.stringify(stored.ticket) }).catch(() => {});
    }
  } catch {
    // The user forbids storage, or other code wrote there. The page loads all the same.
  }
}
