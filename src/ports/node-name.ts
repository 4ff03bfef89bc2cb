/**
 * Keeps each node's name for one process. Two processes with one name would be one node for all others, and would divide its
 * rooms between them. The store also says in which format its entries are, and which formats a process can read.
 */
export interface NodeName {
  /**
   * Holds the name for this process and prolongs that. A node does this before it registers, and with every renewal. Rejects
   * when the store does not answer.
   *
   * `held`: the name is this process's own. `taken`: it is another process's; nothing was changed. `unreadable`: this process
   * cannot read what is stored; nothing was changed.
   *
   * @param replacing a process that held the name and is dead. This process takes its place, if it has not held it again since
   */
  hold(replacing?: NameHolder): Promise<NameHeld | NameTaken | Unreadable>;
  /** Gives the name back, if this process holds it. */
  release(): Promise<void>;
}

/** `format`: in which this process has to write entries; all nodes can read it. */
export interface NameHeld {
  readonly kind: "held";
  readonly format: number;
}

export interface NameTaken {
  readonly kind: "taken";
  readonly by: NameHolder;
}

export interface NameHolder {
  /** A random name of the process. */
  readonly process: string;
  /** How often this process has held the name. A process that is alive counts on. */
  readonly holds: number;
  /** It has not done so for longer than a lease lasts. */
  readonly isOver: boolean;
  /** Where clients reach that process; undefined when it did not say. */
  readonly url: string | undefined;
}

export interface Unreadable {
  readonly kind: "unreadable";
  /** The format of what is stored. */
  readonly format: number;
  readonly readable: Formats;
}

/** The formats that a build can read: from `oldest` to `newest`. */
export interface Formats {
  readonly oldest: number;
  readonly newest: number;
}
