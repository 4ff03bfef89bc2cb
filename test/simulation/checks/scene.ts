import type { Page } from "../people/page.js";
import type { World } from "../world/world.js";

export type Invariant = "V1" | "V2" | "V3" | "V4" | "V5" | "V6" | "V7" | "error";

/** What kind of thing is counted: by people, to the service, by the service, or looked at by a check. */
export type CountKind = "deed" | "mishap" | "session" | "service" | "check";

/** What the checks look at. */
export interface Scene {
  readonly world: World;
  readonly pages: Iterable<Page>;
  /** Writes something into the trace. */
  readonly note: (who: string, what: string) => void;
  /** Mixes a number into the digest. */
  readonly mix: (number: number) => void;
  /** Something has happened once more. */
  readonly count: (kind: CountKind, what: string) => void;
  /** A short name of a session. */
  readonly nameOf: (sessionId: string) => string;
  /** An invariant does not hold. The run ends after this step. */
  readonly fail: (invariant: Invariant, message: string) => void;
}
