import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { readKept, type KeptState } from "./kept-state.js";

/** Names and metadata of users are in the file. */
const ONLY_THE_OWNER = 0o600;

/** The file in which a node leaves its state for its next start. Each state is read once. */
export class RestartFile {
  readonly #path: string;
  readonly #leftBehind: (path: string, error: unknown) => void;

  /** @param leftBehind told of a file with a state that could not be removed */
  constructor(path: string, leftBehind: (path: string, error: unknown) => void) {
    this.#path = path;
    this.#leftBehind = leftBehind;
  }

  /** Rejects when the file can't be written. A file that was there stays until the new one is complete. */
  async write(state: KeptState): Promise<void> {
    const draft = this.#draft;
    await rm(draft, { force: true });
    try {
      await writeFile(draft, JSON.stringify(state), { mode: ONLY_THE_OWNER, flag: "wx" });
      await rename(draft, this.#path);
    } catch (error) {
      await this.#remove(draft);
      throw error;
    }
  }

  /**
   * Reads the file and removes it first, so that a process that dies at its start does not read it again and again.
   *
   * @returns `nothing`: there is no file. `unreadable`: it is no state that this version can read
   */
  async take(): Promise<KeptState | "nothing" | "unreadable"> {
    const taken = `${this.#path}.taken`;
    // What a process had begun that was killed before its state was complete.
    await this.#remove(this.#draft);
    try {
      // A folder could be moved, and neither read nor removed.
      if ((await stat(this.#path)).isDirectory()) throw new Error(`${this.#path} is a folder`);
      await rename(this.#path, taken);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      // What a process had taken that was killed before it could remove it.
      await this.#remove(taken);
      return "nothing";
    }
    try {
      return readKept(await readFile(taken, "utf8")) ?? "unreadable";
    } finally {
      await this.#remove(taken);
    }
  }

  get #draft(): string {
    return `${this.#path}.new`;
  }

  /** Never rejects: what was read, or why nothing could be written, matters more. */
  async #remove(path: string): Promise<void> {
    await rm(path, { force: true }).catch((error: unknown) => this.#leftBehind(path, error));
  }
}
