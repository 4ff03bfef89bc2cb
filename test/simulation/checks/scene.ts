import type { Page } from "../people/page.js";
import type { ServiceNode } from "../service/node.js";
import type { World } from "../world/world.js";

export type Invariant = "V1" | "V2" | "V3" | "V4" | "V5" | "V6" | "V7" | "error";

/** What the checks look at. */
export interface Scene {
  readonly world: World;
  /** The server process that runs, if one does. */
  readonly node: ServiceNode | undefined;
  readonly pages: Iterable<Page>;
  /** Writes something into the trace. */
  note(who: string, what: string): void;
  /** A short name of a session. */
  readonly nameOf: (sessionId: string) => string;
  /** An invariant does not hold. The run ends after this step. */
  readonly fail: (invariant: Invariant, message: string) => void;
}
