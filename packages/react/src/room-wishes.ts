/**
 * The rooms that mounted components want. A session is in one room at a time, so the newest wish counts, and the one before
 * it counts again when that is gone.
 */
import type { JoinOptions, LastseenClient, LeftRoom, RequestError } from "@lastseen/client";
import { soon } from "./soon.js";
import { Store } from "./store.js";

interface Wish {
  readonly roomId: string;
  readonly options: JoinOptions;
}

/** Why the client is not in the room that was wanted last. */
export interface RoomTrouble {
  readonly roomId: string;
  /** The service's refusal. */
  readonly error: RequestError | undefined;
  /** How the client left, when not because a component was unmounted. */
  readonly left: LeftRoom | undefined;
}

export class RoomWishes {
  readonly trouble = new Store<RoomTrouble | undefined>(undefined);
  readonly #client: LastseenClient;
  readonly #wishes: Wish[] = [];
  /** The room that the client was told to be in. */
  #asked: string | undefined;
  readonly #settle = soon(() => this.#apply());

  constructor(client: LastseenClient) {
    this.#client = client;
    client.on("state", ({ previous }) => {
      if (previous !== "disconnected") return;
      // The client has started again. After `disconnect()` it has forgotten its room.
      this.#asked = undefined;
      this.#settle();
    });
    client.on("left", (left) => {
      const isWanted = left.reason !== "left" && left.roomId === this.#asked;
      if (isWanted) this.trouble.set({ roomId: left.roomId, error: left.error, left });
    });
    client.on("joined", () => this.trouble.set(undefined));
  }

  /** @returns a function that takes the wish back */
  add(roomId: string, options: JoinOptions): () => void {
    const wish = { roomId, options };
    this.#wishes.push(wish);
    this.#settle();
    return () => {
      this.#wishes.splice(this.#wishes.indexOf(wish), 1);
      this.#settle();
    };
  }

  /** Tries again after a refusal, or after the client has left. */
  again(): void {
    this.#asked = undefined;
    this.#settle();
  }

  #apply(): void {
    const wish = this.#wishes.at(-1);
    if (wish?.roomId === this.#asked) return;
    if (wish) {
      // Stopped: it joins when somebody starts it again.
      if (!this.#client.stopError) this.#join(wish);
      return;
    }
    this.#asked = undefined;
    this.trouble.set(undefined);
    this.#client.leave().catch(() => {});
  }

  #join({ roomId, options }: Wish): void {
    this.#asked = roomId;
    this.trouble.set(undefined);
    this.#client.join(roomId, options).catch((error: RequestError) => {
      // A client that stops rejects, too; the connection says why.
      if (this.#asked !== roomId || this.#client.stopError) return;
      this.trouble.set({ roomId, error, left: undefined });
    });
  }
}
