import { readdirSync } from "node:fs";
import { DEFAULT_PREFIX, KEY_PURPOSES, Keys, type KeyName } from "../../../src/redis/keys.js";
import { loadScript } from "../../../src/redis/script.js";
import type { RedisServer } from "../../support/redis-server.js";

const keys = new Keys(DEFAULT_PREFIX);
const SCRIPTS = new Map(
  readdirSync(new URL("../../../src/redis/scripts/", import.meta.url))
    .filter((file) => file.endsWith(".lua"))
    .map((file) => loadScript(file.slice(0, -".lua".length)))
    .map(({ name, sha1 }) => [sha1, name]),
);

/** A script that finds all entries that contain `ARGV[1]`. It runs in Redis because the whole data is too much for an answer. */
const MENTIONS = `
local found = {}
for _, name in ipairs(redis.call("KEYS", "*")) do
  local kind = redis.call("TYPE", name).ok
  local items = kind == "hash" and redis.call("HGETALL", name) or kind == "zset" and redis.call("ZRANGE", name, 0, -1)
    or kind == "string" and { redis.call("GET", name) } or {}
  for _, item in ipairs(items) do
    if string.find(item, ARGV[1], 1, true) then found[#found + 1] = name .. ": " .. item end
  end
end
return found`;

/** The number of entries of a key; 0 when there is no such key. */
export async function entriesOf(redis: RedisServer, name: KeyName): Promise<number> {
  const command = { hash: "HLEN", zset: "ZCARD", stream: "XLEN", string: "EXISTS" } as const;
  const kind = KEY_PURPOSES[name];
  const entries = Number(await redis.cli(command[kind], keys.key(name)));
  // The marks of the nodes are members that begin with a space. No other member does.
  return kind === "zset" ? entries - Number(await redis.cli("ZLEXCOUNT", keys.key(name), "[ ", "(!")) : entries;
}

/** All entries in Redis that contain the text. */
export async function mentionsOf(redis: RedisServer, text: string): Promise<string[]> {
  const found = await redis.cli("EVAL", MENTIONS, "0", text);
  return found === "" ? [] : found.split("\n");
}

/** The runs of scripts that took Redis a millisecond or more. */
export class SlowLog {
  readonly #redis: RedisServer;

  private constructor(redis: RedisServer) {
    this.#redis = redis;
  }

  static async keep(redis: RedisServer): Promise<SlowLog> {
    await redis.cli("CONFIG", "SET", "slowlog-log-slower-than", "1000");
    await redis.cli("CONFIG", "SET", "slowlog-max-len", "2000");
    return new SlowLog(redis);
  }

  /** The runs since the last call with their milliseconds, longest first. */
  async take(): Promise<{ script: string; ms: number }[]> {
    const text = await this.#redis.cli("--json", "SLOWLOG", "GET", "2000");
    await this.#redis.cli("SLOWLOG", "RESET");
    const entries = JSON.parse(text) as [id: number, at: number, micros: number, command: string[]][];
    return entries
      .filter(([, , , [name]]) => name?.toLowerCase().startsWith("eval"))
      .map(([, , micros, [, sha1 = ""]]) => ({ script: SCRIPTS.get(sha1) ?? sha1.slice(0, 40), ms: micros / 1_000 }))
      .toSorted((a, b) => b.ms - a.ms);
  }
}
