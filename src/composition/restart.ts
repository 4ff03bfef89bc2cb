import type { Logger } from "pino";
import type { Clock } from "../kernel/clock.js";
import type { MemoryBlocks } from "../memory/memory-blocks.js";
import type { MemoryCalls } from "../memory/memory-calls.js";
import type { Directory, SessionEntry } from "../ports/directory.js";
import { KEPT_FORMAT, type KeptSession } from "../restart/kept-state.js";
import { RestartFile } from "../restart/restart-file.js";

/**
 * Lets a node that is alone be started again without losing anybody: when it stops it writes its sessions, calls and blocks
 * into a file, and when it starts it goes on with them.
 */
export class Restart {
  readonly #file: RestartFile;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #directory: Directory;
  readonly #calls: MemoryCalls;
  readonly #blocks: MemoryBlocks;
  #hasRestored = false;

  constructor(parts: {
    path: string;
    clock: Clock;
    log: Logger;
    directory: Directory;
    calls: MemoryCalls;
    blocks: MemoryBlocks;
  }) {
    this.#file = new RestartFile(parts.path, (path, error) =>
      parts.log.warn({ err: error, path }, "RESTART_FILE has left a file behind: remove it, it names users"),
    );
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#directory = parts.directory;
    this.#calls = parts.calls;
    this.#blocks = parts.blocks;
  }

  /** @returns false when the next start will not know the sessions, because the file could not be written */
  async keep(sessions: readonly SessionEntry[]): Promise<boolean> {
    // The start has failed before it read the file, so the file still has what the last run kept.
    if (!this.#hasRestored) return false;
    const reading = await this.#blocks.read(undefined);
    const blocks = reading === "unchanged" ? [] : [...reading.blocks];
    const calls = this.#calls.all();
    try {
      await this.#file.write({
        format: KEPT_FORMAT,
        keptAt: this.#clock.wall(),
        sessions: sessions.map(keptOf),
        calls,
        blocks,
      });
    } catch (error) {
      this.#log.error({ err: error }, "RESTART_FILE could not be written; all sessions end");
      return false;
    }
    this.#log.info({ sessions: sessions.length, calls: calls.length }, "sessions kept for the next start");
    return true;
  }

  /**
   * Puts what was kept into the stores.
   *
   * @returns the sessions, each under its next epoch
   */
  async restore(): Promise<readonly SessionEntry[]> {
    this.#hasRestored = true;
    const kept = await this.#file.take().catch((error: unknown) => {
      this.#log.error({ err: error }, "RESTART_FILE could not be read; all sessions have ended");
      return "nothing" as const;
    });
    if (kept === "unreadable") {
      this.#log.error("RESTART_FILE is not from this version of the service; all sessions have ended");
    }
    if (typeof kept === "string") return [];
    const awayMs = Math.max(0, this.#clock.wall() - kept.keptAt);
    this.#calls.restore(kept.calls, awayMs);
    await this.#blocks.restore(kept.blocks.map((block) => ({ ...block, remainingMs: block.remainingMs - awayMs })));
    const entries: SessionEntry[] = [];
    for (const session of kept.sessions) {
      const claim = session.roomId === undefined ? undefined : await this.#directory.claimRoom(session.roomId);
      const entry = entryOf(session, claim?.kind === "here" ? claim.epoch : 0);
      await this.#directory.putSession(entry);
      entries.push(entry);
    }
    this.#log.info({ sessions: entries.length, awayMs: Math.round(awayMs) }, "sessions of the last run go on");
    return entries;
  }
}

function keptOf({ roomId, earlierTokenHash, joinedAt, chosenRole, metadata, ...entry }: SessionEntry): KeptSession {
  return {
    ...entry,
    metadata: { ...metadata },
    ...(roomId === undefined ? {} : { roomId }),
    ...(earlierTokenHash === undefined ? {} : { earlierTokenHash }),
    ...(joinedAt === undefined ? {} : { joinedAt }),
    ...(chosenRole === undefined ? {} : { chosenRole }),
  };
}

/**
 * Under the next epoch, because the session goes on in another process.
 *
 * @param least the epoch under which this process holds its room
 */
function entryOf({ epoch, roomId, joinedAt, ...kept }: KeptSession, least: number): SessionEntry {
  return { ...kept, epoch: Math.max(epoch + 1, least), roomId, joinedAt };
}
