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

/** What one place of the storage has. */
interface Stored extends Remembered {
  /** For which service and user it was written; see {@link TabMemory}. */
  readonly owner?: string | undefined;
  /** The page whose client uses the place; undefined when that client has stopped. */
  readonly page?: string | undefined;
}

/** Each client of a page has a place of its own. `early.ts` reads the same places. */
const KEYS = Array.from({ length: 8 }, (_, index) => (index ? `lastseen:${index + 1}` : "lastseen"));

/**
 * What a client keeps across reloads of its tab: the tab's id and how to resume the session. A page may have several clients.
 * Each takes a place of the storage that no other client of the page uses, if possible the place that a client for the same
 * service and user has left.
 */
export class TabMemory {
  readonly #storage: TabStorage;
  readonly #createId: () => string;
  readonly #page: string;
  readonly #owner: string;
  readonly #wantedId: string | undefined;
  #key = "";
  #remembered: Remembered = { tabId: "" };
  #isInUse = true;

  /**
   * @param pageId differs between two pages, also between a page and its reload
   * @param owner the service and the user of the client
   * @param tabId the id that the application has chosen for the tab
   */
  constructor(
    storage: TabStorage,
    { createId, pageId }: { createId: () => string; pageId: string },
    owner: string,
    tabId: string | undefined,
  ) {
    this.#storage = storage;
    this.#createId = createId;
    this.#page = pageId;
    this.#owner = owner;
    this.#wantedId = tabId;
    this.#takePlace();
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
    const found = this.#read(this.#key);
    if (found?.tabId === this.tabId) this.#write({ tabId: found.tabId, ticket: found.ticket, url: found.url });
  }

  /** The session is over; the tab keeps its id. */
  forgetSession(): void {
    this.#write({ tabId: this.tabId });
  }

  /** This tab was duplicated from another one, which keeps the memory; this one gets a new id. */
  becomeAnotherTab(): void {
    this.#write(this.#blank());
  }

  /** The client has stopped: another one may take its place. */
  release(): void {
    this.#isInUse = false;
    this.#write(this.#remembered);
  }

  /** The client starts again. */
  useAgain(): void {
    if (this.#isInUse) return;
    this.#isInUse = true;
    if (this.#read(this.#key)?.page === this.#page) this.#takePlace();
    else this.#write(this.#remembered);
  }

  #takePlace(): void {
    const places = KEYS.map((key) => ({ key, found: this.#read(key) }));
    const free = places.filter(({ found }) => found?.page !== this.#page);
    const own = free.filter(({ found }) => found && this.#isOwn(found));
    // A client that has stopped leaves a place without a session.
    const place =
      own.find(({ found }) => found?.ticket) ??
      own[0] ??
      free.find(({ found }) => !found?.ticket) ??
      free[0] ??
      places[0];
    this.#key = place?.key ?? "";
    const found = own.find((one) => one === place)?.found;
    this.#write(found ? { tabId: found.tabId, ticket: found.ticket, url: found.url } : this.#blank(this.#wantedId));
  }

  /** What an older version of this package has written names no owner. */
  #isOwn({ tabId, owner = this.#owner }: Stored): boolean {
    return owner === this.#owner && (this.#wantedId ?? tabId) === tabId;
  }

  #blank(tabId = this.#createId()): Remembered {
    return { tabId };
  }

  #write(remembered: Remembered): void {
    this.#remembered = remembered;
    const stored: Stored = { ...remembered, owner: this.#owner, page: this.#isInUse ? this.#page : undefined };
    this.#storage.set(this.#key, JSON.stringify(stored));
  }

  /** Users can edit the storage, so a value that does not look right is ignored. */
  #read(key: string): Stored | undefined {
    try {
      const stored = JSON.parse(this.#storage.get(key) ?? "{}") as Partial<Stored>;
      const { tabId, ticket } = stored;
      if (typeof tabId !== "string") return undefined;
      const usable = typeof ticket?.sessionId === "string" && typeof ticket.resumeToken === "string";
      return { ...stored, tabId, ticket: usable ? ticket : undefined };
    } catch {
      return undefined;
    }
  }
}
