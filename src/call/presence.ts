import type { UserStatus } from "@lastseen/protocol";
import type { CallStore } from "../ports/call-store.js";
import type { Directory } from "../ports/directory.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";

/** Whether users are connected, on this node or on another, and whether they are in a call. */
export class Presence {
  readonly #registry: SessionRegistry;
  readonly #directory: Directory;
  readonly #store: CallStore;

  constructor(parts: { registry: SessionRegistry; directory: Directory; store: CallStore }) {
    this.#registry = parts.registry;
    this.#directory = parts.directory;
    this.#store = parts.store;
  }

  /** The user's open sessions on this node. */
  sessionsHere(userId: string): readonly Session[] {
    return this.#registry.ofUser(userId).filter(({ status }) => status === "open");
  }

  /**
   * The user's name, and whether a device of the user can be reached: one whose connection has ended or whose client is away cannot.
   * Only its own node knows that.
   *
   * @returns undefined when the user is not connected. A session whose client is away still counts
   */
  async find(userId: string): Promise<{ name: string; isReachable: boolean } | undefined> {
    const here = this.sessionsHere(userId);
    if (here.some(({ connection, shown }) => connection && shown !== "away"))
      return { name: here[0]?.name ?? userId, isReachable: true };
    const [elsewhere] = await this.#sessionsElsewhere(userId);
    const found = here[0] ?? elsewhere;
    return found && { name: found.name, isReachable: elsewhere !== undefined };
  }

  async isConnected(userId: string): Promise<boolean> {
    return this.sessionsHere(userId).length > 0 || (await this.#sessionsElsewhere(userId)).length > 0;
  }

  /** Whether another node holds this session now. */
  async isElsewhere({ id, userId }: Session): Promise<boolean> {
    return (await this.#sessionsElsewhere(userId)).some(({ sessionId }) => sessionId === id);
  }

  /**
   * The user's status, read from the store and the directory.
   *
   * @returns `lastsMs`: the time after which the status may change by itself, because the user's call ends
   */
  async statusOf(userId: string): Promise<{ status: UserStatus; lastsMs?: number }> {
    const call = await this.#store.ofUser(userId);
    if (call) return { status: "busy", lastsMs: call.remainingMs };
    return { status: (await this.isConnected(userId)) ? "available" : "offline" };
  }

  /** The directory's entries of this node are left out: the registry knows this node's sessions better. */
  async #sessionsElsewhere(userId: string): Promise<readonly { sessionId: string; name: string }[]> {
    const entries = await this.#directory.sessionsOfUser(userId);
    return entries.filter(({ nodeId }) => nodeId !== this.#directory.nodeId);
  }
}
