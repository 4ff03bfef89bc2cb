/**
 * Tells the user's tabs of this browser about each other, faster than any server could. Everything here is a hint. A tab
 * that is gone is noticed by its Web Lock, which the browser frees even when the tab crashed.
 */
import type { Environment, TabChannel } from "./environment.js";
import type { OtherTab } from "./events.js";
import { fits, type Fields } from "./fields.js";

interface Note {
  readonly userId: string;
  readonly tabId: string;
  /** `null`: in no room any more. */
  readonly roomId: string | null;
  /** Whoever reads it shall tell where it is. */
  readonly asks: boolean;
}

const NOTE: Fields<Note> = { userId: "string", tabId: "string", roomId: "string|null", asks: "boolean" };

export function tabLockName(tabId: string): string {
  return `lastseen:${tabId}`;
}

export class OtherTabs {
  readonly #environment: Environment;
  readonly #tell: (tabs: readonly OtherTab[]) => void;
  readonly #others = new Map<string, OtherTab>();
  /** Tabs whose lock is waited for: once, however often they go into rooms and leave them. */
  readonly #watched = new Set<string>();
  readonly #stop = new AbortController();
  readonly #tabId: string;
  readonly #channel: TabChannel;
  #userId = "";
  #roomId: string | null = null;

  constructor(environment: Environment, tabId: string, tell: (tabs: readonly OtherTab[]) => void) {
    this.#environment = environment;
    this.#tabId = tabId;
    this.#tell = tell;
    this.#channel = environment.openChannel("lastseen", (message) => this.#heard(message));
  }

  /** This tab's user is in a room, or in none. */
  announce(userId: string, roomId: string | null): void {
    if (userId === this.#userId && roomId === this.#roomId) return;
    [this.#userId, this.#roomId] = [userId, roomId];
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

  #heard(message: unknown): void {
    if (!fits(NOTE, message)) return;
    const { userId, tabId, roomId, asks } = message;
    if (userId !== this.#userId || tabId === this.#tabId) return;
    const known = this.#others.get(tabId);
    if (roomId !== null) {
      this.#others.set(tabId, { tabId, roomId });
      if (!this.#watched.has(tabId)) this.#watch(tabId);
    } else this.#others.delete(tabId);
    if (known?.roomId !== (roomId ?? undefined)) this.#tell([...this.#others.values()]);
    if (asks && this.#roomId !== null) this.#post(false);
  }

  #watch(tabId: string): void {
    this.#watched.add(tabId);
    this.#environment.locks.whenFree(tabLockName(tabId), this.#stop.signal).then(
      () => {
        this.#watched.delete(tabId);
        if (this.#others.delete(tabId)) this.#tell([...this.#others.values()]);
      },
      () => {},
    );
  }
}
