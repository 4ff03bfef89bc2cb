import type { DuplicatePolicy } from "../../../src/room/duplicates.js";
import type { Machine } from "./machine.js";
import { Page, type Surroundings } from "./page.js";

/** A tab of a browser. It has one page after the other and keeps their storage. */
export class Tab {
  readonly name: string;
  readonly machine: Machine;
  readonly userId: string;
  page: Page | undefined;
  /** The room that the person wants to be in with this tab. */
  roomId: string | undefined;
  /** The room of the call that the person is in with this tab. */
  callRoomId: string | undefined;
  readonly #around: Surroundings;
  readonly #sends: boolean;
  readonly #friends: readonly string[];
  readonly #onDuplicate: DuplicatePolicy | undefined;
  #storage: Map<string, string>;
  #pages = 0;

  /** @param options `storage`: the storage of another tab, when this tab is its duplicate */
  constructor(
    around: Surroundings,
    options: {
      name: string;
      machine: Machine;
      userId: string;
      sends: boolean;
      friends: readonly string[];
      onDuplicate: DuplicatePolicy | undefined;
      storage?: Map<string, string>;
    },
  ) {
    this.#around = around;
    this.name = options.name;
    this.machine = options.machine;
    this.userId = options.userId;
    this.#sends = options.sends;
    this.#friends = options.friends;
    this.#onDuplicate = options.onDuplicate;
    this.#storage = new Map(options.storage);
  }

  /** The storage that a browser copies when it duplicates the tab. */
  get storage(): Map<string, string> {
    return this.#storage;
  }

  /** Loads a page, which joins the room. */
  load(roomId: string | undefined): void {
    if ((this.page && !this.page.gone) || !this.machine.awake) return;
    this.roomId = roomId;
    this.#around.note(this.name, `loads, for ${roomId ?? "no room"}`);
    this.page = new Page(this.#around, {
      name: `${this.name}/${++this.#pages}`,
      machine: this.machine,
      userId: this.userId,
      storage: this.#storage,
      sends: this.#sends,
      friends: this.#friends,
    });
    const { calls } = this.page;
    if (calls) calls.onRoom = (callRoomId) => this.#go(callRoomId);
    if (this.callRoomId === undefined) this.enter(roomId);
    else this.#go(this.callRoomId);
  }

  enter(roomId: string | undefined): void {
    this.roomId = roomId;
    if (roomId !== undefined) this.page?.join(roomId, this.#onDuplicate);
  }

  /** Joins the room of a call, or goes back to the room before the call. */
  #go(callRoomId: string | undefined): void {
    const { page } = this;
    this.callRoomId = callRoomId;
    if (callRoomId !== undefined) {
      page?.join(callRoomId, this.#onDuplicate, () => {
        if (page === this.page && this.callRoomId === callRoomId) this.#go(undefined);
      });
    } else if (page?.client.state === "disconnected") return;
    else if (this.roomId !== undefined) this.enter(this.roomId);
    else page?.client.leave().catch(() => {});
  }

  /** The tab is closed, and its storage is gone. */
  forget(): void {
    this.#storage = new Map();
    this.callRoomId = undefined;
  }
}
