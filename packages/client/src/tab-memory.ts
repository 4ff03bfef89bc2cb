import type { TabStorage } from "./environment.js";

/** What a hello needs to resume a session. */
export interface ResumeTicket {
  readonly sessionId: string;
  readonly resumeToken: string;
}

interface Remembered {
  readonly tabId: string;
  readonly ticket?: ResumeTicket | undefined;
  /** The service that has the session, `http://` or `https://`. `early.ts` reads it too. */
  readonly url?: string | undefined;
}

const KEY = "lastseen";

/** What this tab keeps across reloads: its id and how to resume its session. */
export class TabMemory {
  readonly #storage: TabStorage;
  readonly #createId: () => string;
  #remembered: Remembered;

  constructor(storage: TabStorage, createId: () => string, tabId: string | undefined) {
    this.#storage = storage;
    this.#createId = createId;
    const found = read(storage.get(KEY));
    this.#remembered = tabId === undefined || found?.tabId === tabId ? (found ?? this.#blank()) : { tabId };
  }

  get tabId(): string {
    return this.#remembered.tabId;
  }

  get ticket(): ResumeTicket | undefined {
    return this.#remembered.ticket;
  }

  /** @param url the service that has the session; by default the same as before */
  keepTicket({ sessionId, resumeToken }: ResumeTicket, url = this.#remembered.url): void {
    this.#write({ tabId: this.tabId, ticket: { sessionId, resumeToken }, url });
  }

  /** Another page of this tab may have gone on with the session, or ended it, while this one was in the cache. */
  refresh(): void {
    const found = read(this.#storage.get(KEY));
    if (found?.tabId === this.tabId) this.#remembered = found;
  }

  /** The session is over; the tab keeps its id. */
  forgetSession(): void {
    this.#write({ tabId: this.tabId });
  }

  /** This tab was duplicated from another one, which keeps the memory; this one gets a new id. */
  becomeAnotherTab(): void {
    this.#write(this.#blank());
  }

  #blank(): Remembered {
    return { tabId: this.#createId() };
  }

  #write(remembered: Remembered): void {
    this.#remembered = remembered;
    this.#storage.set(KEY, JSON.stringify(remembered));
  }
}

/** Users can edit the storage, so a value that does not look right is ignored. */
function read(text: string | null): Remembered | undefined {
  try {
    const { tabId, ticket, url } = JSON.parse(text ?? "{}") as Partial<Remembered>;
    if (typeof tabId !== "string") return undefined;
    const usable = typeof ticket?.sessionId === "string" && typeof ticket.resumeToken === "string";
    return { tabId, ticket: usable ? ticket : undefined, url };
  } catch {
    return undefined;
  }
}
