import type { Directory, DirectoryEntry } from "../session/ports.js";

/** The directory of a service that is one node: plain maps, same contract as a shared store. */
export class MemoryDirectory implements Directory {
  readonly #rooms = new Set<string>();
  readonly #sessions = new Map<string, DirectoryEntry>();

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
    return Promise.resolve({ kind: "removed" });
  }

  findSession(sessionId: string): Promise<DirectoryEntry | undefined> {
    const entry = this.#sessions.get(sessionId);
    return Promise.resolve(entry && { ...entry });
  }

  sessionsOfUser(userId: string): Promise<readonly DirectoryEntry[]> {
    const entries = [...this.#sessions.values()].filter((entry) => entry.userId === userId);
    return Promise.resolve(entries.map((entry) => ({ ...entry })));
  }

  counts(): Promise<{ rooms: number; sessions: number }> {
    return Promise.resolve({ rooms: this.#rooms.size, sessions: this.#sessions.size });
  }

  close(): Promise<void> {
    this.#rooms.clear();
    this.#sessions.clear();
    return Promise.resolve();
  }
}
