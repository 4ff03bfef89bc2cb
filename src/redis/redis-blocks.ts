import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import {
  BlockRecord,
  type BlockChange,
  type BlockList,
  type BlockTarget,
  type NewBlock,
  type PutOutcome,
  type RemoveOutcome,
} from "../ports/block-list.js";
import type { RedisLink } from "./link.js";
import { integer, list, oneOf, text } from "./replies.js";
import { loadScript } from "./script.js";
import { readId, readJson, storedId } from "./stored-text.js";

const PUT = loadScript("block-put");
const REMOVE = loadScript("block-remove");
const READ = loadScript("blocks-read");
const RESTORE = loadScript("blocks-restore");

/** Number of blocks that one script restores. Redis does nothing else while the script runs, so it is small. */
const PAGE = 200;

/** The part of a block that the scripts do not read. */
const Body = Type.Object({ by: BlockRecord.properties.by });
const bodyCheck = Compile(Body);

/** The blocks of all nodes, in Redis. Each method is one script, and Redis's clock tells the time. */
export class RedisBlocks implements BlockList {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  async put({ durationMs, ...block }: NewBlock, most: number): Promise<PutOutcome> {
    const args = [targetOf(block), durationMs, bodyOf(block), most];
    const [kind, generation, number, since] = list(await this.#link.run(PUT, args));
    if (oneOf(kind, "put", "full") === "full") return { kind: "full" };
    const blockedAt = integer(since);
    const times = { blockedAt, expiresAt: blockedAt + durationMs, remainingMs: durationMs };
    return { kind: "put", change: readChange(generation, number), block: { ...block, ...times } };
  }

  async remove(target: BlockTarget): Promise<RemoveOutcome> {
    const [kind, generation, number] = list(await this.#link.run(REMOVE, [targetOf(target)]));
    if (oneOf(kind, "removed", "unknown") === "unknown") return { kind: "unknown" };
    return { kind: "removed", change: readChange(generation, number) };
  }

  async read(known: BlockChange | undefined): ReturnType<BlockList["read"]> {
    const reply = list(await this.#link.run(READ, [known?.generation ?? 0, known?.number ?? 0]));
    const [kind, now, generation, number, ...rest] = reply;
    if (oneOf(kind, "list", "unchanged") === "unchanged") return "unchanged";
    const blocks: BlockRecord[] = [];
    for (let n = 0; n < rest.length; n += 2) {
      const block = readBlock(text(rest[n]), text(rest[n + 1]), integer(now));
      if (block) blocks.push(block);
    }
    return { change: integer(generation) === 0 ? undefined : readChange(generation, number), blocks };
  }

  async restore(blocks: readonly BlockRecord[]): Promise<void> {
    const lasting = blocks.filter(({ remainingMs }) => remainingMs > 0);
    for (let from = 0; from < lasting.length; from += PAGE) {
      const args = lasting
        .slice(from, from + PAGE)
        .flatMap((block) => [targetOf(block), block.blockedAt, Math.ceil(block.remainingMs), bodyOf(block)]);
      await this.#link.run(RESTORE, args);
    }
  }
}

function targetOf({ userId, roomId = "" }: BlockTarget): string {
  return `${storedId(userId)} ${storedId(roomId)}`;
}

function bodyOf({ by }: Pick<BlockRecord, "by">): string {
  const body: Static<typeof Body> = { by };
  return JSON.stringify(body);
}

function readChange(generation: unknown, number: unknown): BlockChange {
  return { generation: integer(generation), number: integer(number) };
}

/** @returns undefined when the block has ended, or this version cannot read it */
function readBlock(target: string, line: string, now: number): BlockRecord | undefined {
  const [userId = "", roomId = ""] = target.split(" ").map(readId);
  const [, since, until, json = ""] = /^(\d+) (\d+) (.*)$/s.exec(line) ?? [];
  const body: unknown = json === "" ? undefined : readJson(json);
  const remainingMs = Number(until) - now;
  if (!bodyCheck.Check(body) || remainingMs <= 0) return undefined;
  const where = roomId === "" ? {} : { roomId };
  return { userId, ...where, blockedAt: Number(since), expiresAt: Number(until), remainingMs, by: body.by };
}
