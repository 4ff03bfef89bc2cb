import type { BlockedCallers, CallerLimits } from "../ports/blocked-callers.js";
import type { RedisLink } from "./link.js";
import { integer, list, oneOf, text } from "./replies.js";
import { loadScript } from "./script.js";
import { readId, storedId } from "./stored-text.js";

const ADD = loadScript("caller-block");
const REMOVE = loadScript("caller-unblock");
const OF = loadScript("callers-blocked");

/** The blocked callers of the users, in Redis. `call-start` reads the same index. */
export class RedisBlockedCallers implements BlockedCallers {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async add(calleeId: string, callerId: string, { ofCallee, total }: CallerLimits): Promise<"added" | "full"> {
    const reply = await this.#link.run(ADD, [storedId(calleeId), storedId(callerId), ofCallee, total]);
    return oneOf(reply, "added", "full");
  }

  async remove(calleeId: string, callerId: string): Promise<boolean> {
    return integer(await this.#link.run(REMOVE, [storedId(calleeId), storedId(callerId)])) === 1;
  }

  async of(calleeId: string): Promise<readonly string[]> {
    return list(await this.#link.run(OF, [storedId(calleeId)])).map((id) => readId(text(id)));
  }
}
