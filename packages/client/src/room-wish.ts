import type { RequestData } from "@lastseen/protocol";
import type { JoinedRoom } from "./events.js";
import type { RequestError } from "./request-error.js";

/** Options of a join. */
export type JoinOptions = Omit<RequestData<"join">, "roomId">;

/** How often the client tries to get back into a room that refuses it for the moment. */
const REJOIN_ATTEMPTS = 5;

interface Waiter {
  resolve: (joined: JoinedRoom) => void;
  reject: (error: RequestError) => void;
}

/**
 * The room that the application wants to be in, until it leaves. A wish outlives sockets and sessions. The calls of
 * `join` wait on it; nobody waits when the client goes back to the room by itself.
 */
export class RoomWish {
  readonly roomId: string;
  options: JoinOptions;
  #waiting: Waiter[] = [];
  #retries = 0;
  #cleared = false;

  constructor(roomId: string, options: JoinOptions) {
    this.roomId = roomId;
    this.options = options;
  }

  /** Whether a call of `join` waits. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when the session is in the room. @throws RequestError */
  wait(): Promise<JoinedRoom> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** The calls of `join` that wait; from now on they do not wait any more. */
  takeWaiting(): Waiter[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  reject(error: RequestError): void {
    for (const waiter of this.takeWaiting()) waiter.reject(error);
  }

  /** Counts an attempt to get back into the room. @returns its number from 0; undefined after the last one */
  nextRetry(): number | undefined {
    return this.#retries < REJOIN_ATTEMPTS ? this.#retries++ : undefined;
  }

  /** @returns `true` once, when the service says that the session is in a room already: then the client leaves that one */
  shouldClear(): boolean {
    const isFirst = !this.#cleared;
    this.#cleared = true;
    return isFirst;
  }

  /** To be called when the session is in the room: counts from zero again. */
  resetAttempts(): void {
    this.#retries = 0;
    this.#cleared = false;
  }
}
