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

  /** The user's name; undefined when the user is not connected. A session whose client is away still counts. */
  async nameOf(userId: string): Promise<string | undefined> {
    const [session] = this.sessionsHere(userId);
    if (session) return session.name;
    return (await this.#sessionsElsewhere(userId))[0]?.name;
  }

  async isConnected(userId: string): Promise<boolean> {
    return (await this.nameOf(userId)) !== undefined;
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
