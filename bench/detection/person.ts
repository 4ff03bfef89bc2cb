/** What somebody can do who has a real browser of their own, with the demo page in it. */

/** Somebody in the room who is about to go. */
export interface Leaver {
  prepare?(): Promise<void>;
  go(): unknown;
  /** Ends what is left of them. */
  close(): Promise<void>;
}

/** What all drivers of browsers can do with a page. */
interface DrivenPage {
  evaluate(run: () => unknown): Promise<unknown>;
  goto(url: string): Promise<unknown>;
  url(): string;
  close(): Promise<void>;
}

/** A browser of their own with the demo page in it. */
export interface Person extends Omit<Leaver, "go"> {
  readonly page: DrivenPage;
  /** Sends a signal to every process that runs pages. */
  signalPages(name: "SIGKILL" | "SIGSTOP"): void;
  /**
   * The page's script runs in an endless loop. Its thread gets the lowest priority, so that it does not take a core from the
   * other pages.
   */
  hang(): Promise<unknown>;
  killBrowser(): void;
}

export type BrowserName = "Chromium" | "Firefox";
