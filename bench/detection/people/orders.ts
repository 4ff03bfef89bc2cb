import type { Told } from "../peers/clients/types.js";

export interface Which {
  system: string;
  room: string;
  name: string;
}

export interface EntryOrder extends Which {
  url: string;
  /** Path of the module that comes in. */
  client: string;
  /** Whether what they hear of the others is reported. */
  listens: boolean;
  /** Whether their network can be reset, or ended for a reload. */
  spoilable: boolean;
}

/** What a witness was told; `at` in epoch ms. */
export type Heard = Told & { system: string; room: string; at: number };

/** What a process of people can be asked. */
export type PeopleCommands = {
  enter(order: EntryOrder): Promise<void>;
  leave(which: Which): Promise<void>;
  reset(which: Which): void;
  reload(which: Which & { afterMs: number }): Promise<void>;
  /** Never answers. */
  hang(argument: object): void;
};
