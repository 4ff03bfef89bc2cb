import { LastseenError } from "@lastseen/protocol";
import { Session } from "./session.js";

/** All sessions of this node, from their hello until the reaper has cleaned up after them. */
export class SessionRegistry {
  readonly #byId = new Map<string, Session>();
  /** Most users have one session. A set for each of them would take more memory than the session itself. */
  readonly #byUser = new Map<string, Session | Set<Session>>();

  get size(): number {
    return this.#byId.size;
  }

  /** Users with at least one session. */
  get userCount(): number {
    return this.#byUser.size;
  }

  add(session: Session): void {
    this.#byId.set(session.id, session);
    const ofUser = this.#byUser.get(session.userId);
    if (ofUser instanceof Set) ofUser.add(session);
    else this.#byUser.set(session.userId, ofUser ? new Set([ofUser, session]) : session);
  }

  /** Idempotent. */
  remove(session: Session): void {
    this.#byId.delete(session.id);
    const ofUser = this.#byUser.get(session.userId);
    if (ofUser instanceof Set) ofUser.delete(session);
    if (ofUser === session || (ofUser instanceof Set && ofUser.size === 0)) this.#byUser.delete(session.userId);
  }

  find(sessionId: string): Session | undefined {
    return this.#byId.get(sessionId);
  }

  /** @throws LastseenError `not_found` */
  get(sessionId: string): Session {
    const session = this.#byId.get(sessionId);
    if (!session) throw new LastseenError("not_found", "There is no such session.");
    return session;
  }

  ofUser(userId: string): readonly Session[] {
    const ofUser = this.#byUser.get(userId) ?? [];
    return ofUser instanceof Session ? [ofUser] : [...ofUser];
  }

  /** How many sessions the user has. */
  countOf(userId: string): number {
    const ofUser = this.#byUser.get(userId);
    return ofUser instanceof Set ? ofUser.size : ofUser ? 1 : 0;
  }

  all(): IterableIterator<Session> {
    return this.#byId.values();
  }
}
