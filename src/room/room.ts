import { encodePong } from "@lastseen/protocol/codec";
import type { Roster, Session } from "../session/session.js";

/** The roster of a room: who is in it, and a version that grows by one with every change that the members are told. */
export class Room implements Roster {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  readonly members = new Map<string, Session>();
  #epoch: number;
  #version = 0;
  #pong: Buffer | undefined;

  constructor(id: string, openedAt: number, epoch: number) {
    this.id = id;
    this.openedAt = openedAt;
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The directory has given this node the room, or people of the room, under this epoch. */
  heldUnder(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
  }

  get version(): number {
    return this.#version;
  }

  get pong(): Buffer {
    this.#pong ??= Buffer.from(encodePong(this.#version));
    return this.#pong;
  }

  /** Counts a change of the roster, and returns the new version. */
  bump(): number {
    this.#version += 1;
    this.#pong = undefined;
    return this.#version;
  }
}
