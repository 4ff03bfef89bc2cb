import type { Directory } from "../ports/directory.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";

/** Whether somebody is connected, on this node or another. A session that waits for its client still counts. */
export class Presence {
  readonly #registry: SessionRegistry;
  readonly #directory: Directory;

  constructor(options: { registry: SessionRegistry; directory: Directory }) {
    this.#registry = options.registry;
    this.#directory = options.directory;
  }

  /** The user's sessions here. */
  here(userId: string): readonly Session[] {
    return this.#registry.ofUser(userId).filter(({ status }) => status === "open");
  }

  /** The name that the user goes by; undefined when the user is not connected. */
  async nameOf(userId: string): Promise<string | undefined> {
    const [session] = this.here(userId);
    if (session) return session.name;
    return (await this.#elsewhere(userId))[0]?.name;
  }

  async isConnected(userId: string): Promise<boolean> {
    return (await this.nameOf(userId)) !== undefined;
  }

  /** Whether another node goes on with a session that ends here. */
  async isElsewhere(session: Session): Promise<boolean> {
    return (await this.#elsewhere(session.userId)).some(({ sessionId }) => sessionId === session.id);
  }

  /** What the directory says of this node's own sessions may be older than what the node knows. */
  async #elsewhere(userId: string): Promise<readonly { sessionId: string; name: string }[]> {
    const placed = await this.#directory.sessionsOfUser(userId);
    return placed.filter(({ nodeId }) => nodeId !== this.#directory.nodeId);
  }
}
