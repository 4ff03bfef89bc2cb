import type { Page } from "../people/page.js";
import type { World } from "../world/world.js";

/** Of sessions V1 to V7; of calls, by what they promise: one call at a time, rings that end, sides that agree, nobody stuck. */
export type Invariant =
  "V1" | "V2" | "V3" | "V4" | "V5" | "V6" | "V7" | "one call" | "ring" | "agreement" | "stuck" | "status" | "error";

/** What kind of thing is counted: by people, to the service, in a session, in a call, by the service, or looked at by a check. */
export type CountKind = "action" | "mishap" | "session" | "call" | "service" | "check";

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
  /** A short name of a call, and of the room that belongs to one; other rooms keep theirs. */
  readonly callNamed: (callId: string) => string;
  readonly roomNamed: (roomId: string) => string;
  /** An invariant does not hold. The run ends after this step. */
  readonly fail: (invariant: Invariant, message: string) => void;
}
