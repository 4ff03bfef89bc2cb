import { LeanClient } from "./lean-client.js";

/** Greetings under way at a time. */
const AT_ONCE = 60;
/** Pings are sent this often, each time to a part of the crowd. */
const TICK_MS = 50;

export interface CrowdOptions {
  /** What the names of its users and rooms begin with. */
  name: string;
  url: string;
  count: number;
  inARoom: number;
  pingIntervalMs: number;
}

export type CrowdQuestion =
  { ask: "heartbeats" | "members" | "missing" | "close" } | { ask: "returnTo"; urls: readonly string[] };

export interface Heartbeats {
  /** Milliseconds from each ping to its pong, of those that came since the last question. */
  roundTrips: number[];
  /** The longest that a ping is waiting for its pong now. */
  waitingMs: number;
}

export type Member = Pick<
  LeanClient,
  "userId" | "sessionId" | "firstEpoch" | "epoch" | "resumes" | "isConnected" | "lostBy" | "mediaResets" | "left"
>;

/** Many clients in rooms of equal size, that ping evenly over the interval as people do. */
export class Crowd {
  readonly #clients: readonly LeanClient[];
  readonly #pinging: NodeJS.Timeout;

  private constructor(clients: readonly LeanClient[], pingIntervalMs: number) {
    this.#clients = clients;
    let next = 0;
    let due = 0;
    this.#pinging = setInterval(() => {
      due += (clients.length * TICK_MS) / pingIntervalMs;
      for (; due >= 1; due -= 1) clients[next++ % clients.length]?.ping();
    }, TICK_MS);
  }

  /** Resolves when everybody is in. */
  static async enter({ name, url, count, inARoom, pingIntervalMs }: CrowdOptions): Promise<Crowd> {
    const clients = Array.from(
      { length: count },
      (_, index) => new LeanClient(`${name}-${index}`, `${name}-${Math.floor(index / inARoom)}`),
    );
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
      const { userId, sessionId, firstEpoch, epoch, resumes, isConnected, lostBy, mediaResets, left } = client;
      return { userId, sessionId, firstEpoch, epoch, resumes, isConnected, lostBy, mediaResets, left };
    });
  }

  /** From now on every second one comes back when its line breaks, to one of these nodes; the others never do. */
  returnTo(urls: readonly string[]): void {
    for (const client of this.#returning()) client.returnTo(urls);
  }

  /** Those who come back and have not done it yet, and those who never will with the reason. */
  missing(): { onTheWay: number; lostBy: string[] } {
    const missing = this.#returning().filter(({ isConnected, resumes }) => !isConnected || resumes === 0);
    const lostBy = missing.map((client) => client.lostBy).filter((why) => why !== undefined);
    return { onTheWay: missing.length - lostBy.length, lostBy };
  }

  /** Everybody closes the page. */
  close(): void {
    clearInterval(this.#pinging);
    for (const client of this.#clients) client.close();
  }

  #returning(): LeanClient[] {
    return this.#clients.filter((_, index) => index % 2 === 0);
  }
}
