import type { MediaKind } from "../session/ports.js";

/** Media objects in this process that name no session, by kind: other code's. Routers are nobody's. */
export type ForeignMedia = Record<Exclude<MediaKind, "router">, number>;

/** What a media plane with real workers can tell about itself when its books are compared with them. */
export interface MediaAudit {
  /**
   * Sessions that have media by this process's books which their worker does not hold any more, in this comparison and
   * in the one before it. Asks the workers; one that does not answer is passed over.
   */
  findLost(): Promise<readonly string[]>;
  /** Counted and reported, never closed. */
  unowned(): ForeignMedia;
}
