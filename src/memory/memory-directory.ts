import type { Directory, DirectoryEntry } from "../session/ports.js";

/** The directory of a service that is one node: plain maps, same contract as a shared store. */
export class MemoryDirectory implements Directory {
  readonly #rooms = new Set<string>();
  readonly #sessions = new Map<string, DirectoryEntry>();
  readonly #byUser = new Map<string, Set<string>>();

  claimRoom(roomId: string): Promise<{ kind: "here" }> {
    this.#rooms.add(roomId);
    return Promise.resolve({ kind: "here" });
  }

  releaseRoom(roomId: string): Promise<{ kind: "released" } | { kind: "not_home" }> {
    return Promise.resolve({ kind: this.#rooms.delete(roomId) ? "released" : "not_home" });
  }

  putSession(entry: DirectoryEntry): Promise<{ kind: "stored" } | { kind: "fenced"; epoch: number }> {
    const before = this.#sessions.get(entry.sessionId);
    if (before && before.epoch > entry.epoch) return Promise.resolve({ kind: "fenced", epoch: before.epoch });
    this.#sessions.set(entry.sessionId, { ...entry });
    let ofUser = this.#byUser.get(entry.userId);
    if (!ofUser) this.#byUser.set(entry.userId, (ofUser = new Set()));
    ofUser.add(entry.sessionId);
    return Promise.resolve({ kind: "stored" });
  }

  removeSession(
    sessionId: string,
    epoch: number,
  ): Promise<{ kind: "removed" } | { kind: "gone" } | { kind: "fenced"; epoch: number }> {
    const entry = this.#sessions.get(sessionId);
    if (!entry) return Promise.resolve({ kind: "gone" });
    if (entry.epoch > epoch) return Promise.resolve({ kind: "fenced", epoch: entry.epoch });
    this.#sessions.delete(sessionId);
    const ofUser = this.#byUser.get(entry.userId);
    ofUser?.delete(sessionId);
    if (ofUser?.size === 0) this.#byUser.delete(entry.userId);
    return Promise.resolve({ kind: "removed" });
  }

  findSession(sessionId: string): Promise<DirectoryEntry | undefined> {
    const entry = this.#sessions.get(sessionId);
    return Promise.resolve(entry && { ...entry });
  }

  sessionsOfUser(userId: string): Promise<readonly DirectoryEntry[]> {
    const ids = [...(this.#byUser.get(userId) ?? [])];
    return Promise.resolve(ids.flatMap((id) => this.#sessions.get(id) ?? []).map((entry) => ({ ...entry })));
  }

  counts(): Promise<{ rooms: number; sessions: number }> {
    return Promise.resolve({ rooms: this.#rooms.size, sessions: this.#sessions.size });
  }

  close(): Promise<void> {
    this.#rooms.clear();
    this.#sessions.clear();
    this.#byUser.clear();
    return Promise.resolve();
  }
}
