import { randomUUID } from "node:crypto";
import type { Formats, NameHolder, NodeName } from "../ports/node-name.js";
import type { RedisLink } from "./link.js";
import { flag, integer, list, oneOf, optional, text } from "./replies.js";
import { loadScript } from "./script.js";

const HOLD = loadScript("hold-name");
const RELEASE = loadScript("release-name");

/**
 * The formats of the entries in Redis that this build can read. Who changes the form of an entry raises `newest`, writes the new
 * form only while {@link RedisNodeName.format} says so, and keeps reading the form before it until the next release.
 *
 * - 1: the leases have no indexes.
 * - 2: every script that writes leases or sessions also writes `lease-ends`, `lease-news` and `loads`, so the scripts read these.
 *   This build writes them always, and reads them when the format is 2.
 */
export const FORMATS: Formats = { oldest: 1, newest: 2 };

/** The format of rooms and sessions that are divided over so many shards is this plus their number. */
const SHARDED = 1_000;

/** What nodes can read that divide rooms and sessions over so many shards. They cannot read another division, and none. */
export function formatsOf(shards: number): Formats {
  return shards > 1 ? { oldest: SHARDED + shards, newest: SHARDED + shards } : FORMATS;
}

/** Over how many shards rooms and sessions of this format are divided; 1: not at all. */
export function shardsOf(format: number): number {
  return format > SHARDED ? format - SHARDED : 1;
}

/** One process's hold on its node's name. */
export class RedisNodeName implements NodeName {
  readonly #link: RedisLink;
  readonly #nodeId: string;
  readonly #url: string | undefined;
  readonly #holdMs: number;
  readonly #formats: Formats;
  readonly #process = randomUUID();
  #format = 0;

  constructor(parts: { link: RedisLink; nodeId: string; url: string | undefined; holdMs: number; formats: Formats }) {
    this.#link = parts.link;
    this.#nodeId = parts.nodeId;
    this.#url = parts.url;
    this.#holdMs = parts.holdMs;
    this.#formats = parts.formats;
  }

  async hold(replacing?: NameHolder): ReturnType<NodeName["hold"]> {
    const { oldest, newest } = this.#formats;
    const own = [this.#nodeId, this.#process, this.#holdMs, this.#url ?? "", oldest, newest, this.#format];
    const other = [replacing?.process ?? "", replacing?.holds ?? 0];
    const [kind, ...rest] = list(await this.#link.run(HOLD, [...own, ...other]));
    switch (oneOf(kind, "held", "taken", "unreadable")) {
      case "held":
        this.#format = integer(rest[0]);
        return { kind: "held", format: this.#format };
      case "unreadable":
        return { kind: "unreadable", format: integer(rest[0]), readable: this.#formats };
      case "taken": {
        const [process, holds, over, url] = rest;
        const by = { process: text(process), holds: integer(holds), isOver: flag(over), url: optional(url) };
        return { kind: "taken", by };
      }
    }
  }

  async release(): Promise<void> {
    await this.#link.run(RELEASE, [this.#nodeId, this.#process]);
  }
}
