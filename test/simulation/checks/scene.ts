import type { Page } from "../people/page.js";
import type { World } from "../world/world.js";

/** V1 to V9 are about sessions, the others about calls: one call at a time, rings end, both sides agree, nobody is stuck. */
export type Invariant =
  | "V1"
  | "V2"
  | "V3"
  | "V4"
  | "V5"
  | "V6"
  | "V7"
  | "V8"
  | "V9"
  | "one call"
  | "ring"
  | "agreement"
  | "stuck"
  | "status"
  | "error";

/** `action`: people act; `mishap`: the service suffers it; `check`: a check has run; the others name where it happened. */
export type CountKind = "action" | "mishap" | "session" | "call" | "service" | "check";

/** What a check reads and reports to. */
export interface Scene {
  readonly world: World;
  readonly pages: Iterable<Page>;
  /** Adds a line to the trace. */
  readonly note: (who: string, what: string) => void;
  /** Mixes a number into the digest. */
  readonly mix: (number: number) => void;
  /** Adds one to a count. */
  readonly count: (kind: CountKind, what: string) => void;
  /** A short name of a session. */
  readonly nameOf: (sessionId: string) => string;
  /** A short name of a call. `roomNamed` gives a short name for the room of a call; other rooms keep their names. */
  readonly callNamed: (callId: string) => string;
  readonly roomNamed: (roomId: string) => string;
  /** Reports that an invariant does not hold. The run ends after this step. */
  readonly fail: (invariant: Invariant, message: string) => void;
}
