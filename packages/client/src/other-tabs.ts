/**
 * Tells the user's tabs in this browser about each other, without the service. All of it is a hint. The browser frees the
 * Web Lock of a tab that closes or crashes, so the other tabs notice that it is gone.
 */
import type { Environment, TabChannel } from "./environment.js";
import type { OtherTab } from "./events.js";
import { fits, type Fields } from "./fields.js";

interface Note {
  readonly userId: string;
  readonly tabId: string;
  /** `null`: the tab has left its room. */
  readonly roomId: string | null;
  /** Whether the tabs that read it answer with a note of their own. */
  readonly asks: boolean;
}

const NOTE: Fields<Note> = { userId: "string", tabId: "string", roomId: "string|null", asks: "boolean" };

export function tabLockName(tabId: string): string {
  return `lastseen:${tabId}`;
}

export class OtherTabs {
  readonly #environment: Environment;
  readonly #onChange: (tabs: readonly OtherTab[]) => void;
  readonly #others = new Map<string, OtherTab>();
  /** Tabs whose lock this tab waits for, once each. */
  readonly #watched = new Set<string>();
  readonly #stop = new AbortController();
  readonly #tabId: string;
  readonly #channel: TabChannel;
  #userId = "";
  #roomId: string | null = null;

  constructor(environment: Environment, tabId: string, onChange: (tabs: readonly OtherTab[]) => void) {
    this.#environment = environment;
    this.#tabId = tabId;
    this.#onChange = onChange;
    this.#channel = environment.openChannel("lastseen", (message) => this.#onNote(message));
  }

  /** Tells the other tabs the room of this one; null: none. */
  announce(userId: string, roomId: string | null): void {
    if (userId === this.#userId && roomId === this.#roomId) return;
    this.#userId = userId;
    this.#roomId = roomId;
    this.#post(true);
  }

  close(): void {
    if (this.#roomId !== null) this.announce(this.#userId, null);
    this.#stop.abort();
    this.#channel.close();
    this.#others.clear();
  }

  #post(asks: boolean): void {
    const note: Note = { userId: this.#userId, tabId: this.#tabId, roomId: this.#roomId, asks };
    this.#channel.post(note);
  }

  #onNote(message: unknown): void {
    if (!fits(NOTE, message)) return;
    const { userId, tabId, roomId, asks } = message;
    if (userId !== this.#userId || tabId === this.#tabId) return;
    const known = this.#others.get(tabId);
    if (roomId !== null) {
      this.#others.set(tabId, { tabId, roomId });
      if (!this.#watched.has(tabId)) this.#watch(tabId);
    } else this.#others.delete(tabId);
    if (known?.roomId !== (roomId ?? undefined)) this.#onChange([...this.#others.values()]);
    if (asks && this.#roomId !== null) this.#post(false);
  }

  #watch(tabId: string): void {
    this.#watched.add(tabId);
    this.#environment.locks.whenFree(tabLockName(tabId), this.#stop.signal).then(
      () => {
        this.#watched.delete(tabId);
        if (this.#others.delete(tabId)) this.#onChange([...this.#others.values()]);
      },
      () => {},
    );
  }
}
