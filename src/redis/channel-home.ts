import type { Redis } from "ioredis";
import type { HostPort } from "./redis-url.js";
import { integer, list, text } from "./replies.js";

/** The first version of Redis, and the one that Valkey names, in which a channel can belong to a shard. */
const FIRST_VERSION = 7;
/** The members of a cluster can have different views of it for a moment. So one can name a master that names another one. */
const MOST_HOPS = 3;

/** Leads a subscription to the master that has the slot of its channel: there Redis delivers without telling the whole cluster. */
export class ChannelHome {
  readonly #channel: string;
  #next: HostPort | undefined;
  /** The member to which the latest connection should have led. */
  #aim: string | undefined;
  #hops = 0;

  constructor(channel: string) {
    this.#channel = channel;
  }

  /** To which node the next connection leads; undefined: to any. Forgets it. */
  takeNext(): HostPort | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  /**
   * Asks a member of the cluster where the channel is.
   *
   * @returns `here`: at this one. `elsewhere`: make a new connection, which leads there. `out of reach`: the connection has not led
   *   there. `nowhere`: this Redis has no such channels
   */
  async find(member: Redis): Promise<"here" | "elsewhere" | "out of reach" | "nowhere"> {
    const [server, id, slot, ranges] = await Promise.all([
      member.info("server"),
      member.cluster("MYID"),
      member.cluster("KEYSLOT", this.#channel),
      member.cluster("SLOTS"),
    ]);
    const version = Number(/^redis_version:(\d+)/m.exec(server)?.[1]);
    if (!(version >= FIRST_VERSION)) return this.#end("nowhere");
    const master = masterOf(slot, ranges);
    if (!master) return this.#end("out of reach");
    if (master.id === id) return this.#end("here");
    const isAstray = this.#aim !== undefined && this.#aim !== id;
    if (isAstray || this.#hops === MOST_HOPS) return this.#end("out of reach");
    this.#hops += 1;
    this.#aim = master.id;
    this.#next = master;
    return "elsewhere";
  }

  #end<T>(answer: T): T {
    this.#aim = undefined;
    this.#hops = 0;
    return answer;
  }
}

/** @param ranges as `CLUSTER SLOTS` tells them */
function masterOf(slot: number, ranges: unknown): (HostPort & { readonly id: string }) | undefined {
  for (const range of list(ranges)) {
    const [from, to, master] = list(range);
    if (slot < integer(from) || slot > integer(to)) continue;
    const [host, port, id] = list(master);
    // A cluster may be told not to name its hosts.
    return typeof host === "string" && host !== "" ? { host, port: integer(port), id: text(id) } : undefined;
  }
  return undefined;
}
