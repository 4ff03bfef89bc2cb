import { optional } from "../optional.js";

/** Reports that the machine's network has changed. */
export interface NetworkSource {
  /** Starts to listen; the returned function stops it. */
  listen(changed: () => void): () => void;
}

/** `connection` exists in Chromium only; `online` everywhere. */
export const browserNetwork: NetworkSource = {
  listen(changed) {
    const stop = new AbortController();
    const { signal } = stop;
    optional(() => window.addEventListener("online", changed, { signal }));
    optional(() =>
      (navigator as Navigator & { connection?: EventTarget }).connection?.addEventListener("change", changed, {
        signal,
      }),
    );
    return () => stop.abort();
  },
};
