import { LeanClient } from "./lean-client.js";

/** Number of clients that say hello at the same time. */
const AT_ONCE = 60;
/** At this interval, a part of the crowd sends its pings. */
const TICK_MS = 50;

export interface CrowdOptions {
  /** Prefix of the names of its users and rooms. */
  name: string;
  url: string;
  count: number;
  /** How many are in each room; undefined: they are in no room. */
  inARoom?: number;
  pingIntervalMs: number;
  /** Where its clients come back to from the start; undefined: they do not, until `returnTo` says where. */
  comesBackTo?: readonly string[];
}

export type CrowdQuestion =
  | { ask: "heartbeats" | "members" | "missing" | "close" }
  | { ask: "returnTo"; urls: readonly string[]; who: Returning };

/** Which of the clients come back when their connections break. `half`: every second one. */
export type Returning = "all" | "half";

export interface Heartbeats {
  /** Milliseconds from ping to pong, for each pong since the last call. */
  roundTrips: number[];
  /** The longest time for which a ping waits for its pong now, in milliseconds. */
  waitingMs: number;
}

export type Member = Pick<
  LeanClient,
  | "userId"
  | "sessionId"
  | "firstEpoch"
  | "epoch"
  | "resumes"
  | "attempts"
  | "isConnected"
  | "lostBy"
  | "mediaResets"
  | "left"
>;

/** Many clients in rooms of equal size. They ping evenly over the interval, as real users do. */
export class Crowd {
  readonly #clients: readonly LeanClient[];
  readonly #pinging: NodeJS.Timeout;
  #returning: readonly LeanClient[] = [];

  private constructor(clients: readonly LeanClient[], pingIntervalMs: number) {
    this.#clients = clients;
    let next = 0;
    let due = 0;
    this.#pinging = setInterval(() => {
      due += (clients.length * TICK_MS) / pingIntervalMs;
      for (; due >= 1; due -= 1) clients[next++ % clients.length]?.ping();
    }, TICK_MS);
  }

  /** Resolves when all clients have joined. */
  static async enter({ name, url, count, inARoom, pingIntervalMs, comesBackTo = [] }: CrowdOptions): Promise<Crowd> {
    const clients = Array.from(
      { length: count },
      (_, index) =>
        new LeanClient(
          `${name}-${index}`,
          inARoom === undefined ? undefined : `${name}-${Math.floor(index / inARoom)}`,
          addressOf(index),
        ),
    );
    for (const client of clients) client.returnTo(comesBackTo);
    let next = 0;
    const line = async (): Promise<void> => {
      for (let client = clients[next++]; client; client = clients[next++]) await client.enter(url);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
    return new Crowd(clients, pingIntervalMs);
  }

  heartbeats(): Heartbeats {
    return {
      roundTrips: this.#clients.flatMap(({ roundTrips }) => roundTrips.splice(0)),
      waitingMs: Math.max(...this.#clients.map(({ waitingMs }) => waitingMs)),
    };
  }

  members(): Member[] {
    return this.#clients.map((client) => {
      const { userId, sessionId, firstEpoch, epoch, resumes, attempts, isConnected, lostBy, mediaResets, left } =
        client;
      return {
        userId,
        sessionId,
        firstEpoch,
        epoch,
        resumes,
        attempts,
        isConnected,
        lostBy,
        mediaResets,
        left,
      };
    });
  }

  /** From now on these clients come back to one of the nodes when their connections break. The others do not. */
  returnTo(urls: readonly string[], who: Returning): void {
    this.#returning = who === "all" ? this.#clients : this.#clients.filter((_, index) => index % 2 === 0);
    for (const client of this.#returning) client.returnTo(urls);
  }

  /** The number of clients that are coming back, and the reasons of those that will not. */
  missing(): { onTheWay: number; lostBy: string[] } {
    const missing = this.#returning.filter(({ isConnected, resumes }) => !isConnected || resumes === 0);
    const lostBy = missing.map((client) => client.lostBy).filter((why) => why !== undefined);
    return { onTheWay: missing.length - lostBy.length, lostBy };
  }

  /** All clients close their pages. */
  close(): void {
    clearInterval(this.#pinging);
    for (const client of this.#clients) client.close();
  }
}

/**
 * Each client has an address of its own, as on the Internet. Besides, the system looks for long for a free port when one address has
 * nearly all of them in use. Only Linux and Windows have more than one address of the machine itself.
 */
function addressOf(index: number): string | undefined {
  if (process.platform === "darwin") return undefined;
  return `127.${(process.pid % 250) + 1}.${index >> 8}.${(index % 250) + 1}`;
}
