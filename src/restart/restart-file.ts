import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { readKept, type KeptState } from "./kept-state.js";

/** Names and metadata of users are in the file. */
const ONLY_THE_OWNER = 0o600;

/** The file in which a node leaves its state for its next start. Each state is read once. */
export class RestartFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Rejects when the file can't be written. A file that was there stays until the new one is complete. */
  async write(state: KeptState): Promise<void> {
    const draft = `${this.#path}.new`;
    await rm(draft, { force: true });
    await writeFile(draft, JSON.stringify(state), { mode: ONLY_THE_OWNER, flag: "wx" });
    await rename(draft, this.#path);
  }

  /**
   * Reads the file and removes it first, so that a process that dies at its start does not read it again and again.
   *
   * @returns `nothing`: there is no file. `unreadable`: it is no state that this version can read
   */
  async take(): Promise<KeptState | "nothing" | "unreadable"> {
    const taken = `${this.#path}.taken`;
    try {
      await rename(this.#path, taken);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "nothing";
      throw error;
    }
    try {
      return readKept(await readFile(taken, "utf8")) ?? "unreadable";
    } finally {
      await rm(taken, { force: true });
    }
  }
}
