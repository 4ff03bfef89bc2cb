import { readdirSync } from "node:fs";
import { Redis } from "ioredis";
import { loadScript } from "../../src/redis/script.js";
import { RedisServer } from "../../test/support/redis-server.js";
import { Nodes } from "../../bench/cluster/nodes.js";
import { call, enter, forEach, hello, leave, type Caller } from "../../bench/cluster/steps.js";

const n = Number(process.argv[2] ?? 100), people = Number(process.argv[3] ?? 150);
const names = new Map<string, string>();
const keysOf = new Map<number, string>();
for (const f of readdirSync("src/redis/scripts")) if (f.endsWith(".lua")) { const s = loadScript(f.slice(0, -4)); names.set(s.sha1, s.name); if (s.name.startsWith("publish")) keysOf.set(s.keys.length, s.name); }
const server = await RedisServer.start();
const redis = new Redis(server.port, "127.0.0.1");
await redis.config("SET", "slowlog-log-slower-than", "0");
await redis.config("SET", "slowlog-max-len", "1000000");
const cpu = async () => { const t = await redis.info("cpu"); const s = (m: string) => Number(new RegExp(`used_cpu_${m}_main_thread:([\\d.]+)`).exec(t)?.[1]); return (s("user") + s("sys")) * 1e6; };
const nodes = await Nodes.start(n, server.port, "node");
await nodes.see(n);
async function measure(what: string, times: number, step: () => Promise<unknown>, idle = 0): Promise<number> {
  await redis.slowlog("RESET"); await redis.config("RESETSTAT");
  const a = await cpu(), t = performance.now();
  await step();
  const seconds = (performance.now() - t) / 1000;
  const used = (await cpu()) - a;
  const log = (await redis.slowlog("GET", 1000000)) as unknown as [number, number, number, string[]][];
  const stats = await redis.info("commandstats");
  const by = new Map<string, [number, number]>();
  for (const [, , us, args] of log) {
    let name = (args[0] ?? "").toLowerCase();
    if (name === "evalsha") name = names.get(args[1] ?? "") ?? "?"; else if (name === "eval") name = (names.get("x") ?? keysOf.get(Number(args[2])) ?? "eval");
    const e = by.get(name) ?? [0, 0]; e[0] += 1; e[1] += us; by.set(name, e);
  }
  const pub = /cmdstat_publish:calls=(\d+)/.exec(stats)?.[1];
  const rate = used / seconds;
  console.log(`== ${what}: ${((used - idle * seconds) / times).toFixed(0)} µs each (${seconds.toFixed(1)} s; gross ${(used / times).toFixed(0)}), publishes ${(Number(pub ?? 0) / times).toFixed(2)}`);
  for (const [name, [c, us]] of [...by].sort((x, y) => y[1][1] - x[1][1]).slice(0, 14)) console.log(`   ${name.padEnd(18)} ${(c / times).toFixed(2)} × ${(us / c).toFixed(0)} µs = ${(us / times).toFixed(0)}`);
  return rate;
}
const idle = await measure("idle per s", 10, () => new Promise((r) => setTimeout(r, 10_000)));
const { urls } = nodes;
const anyOf = (k: number) => urls[k % urls.length] ?? "";
const numbers = Array.from({ length: people }, (_, k) => k);
const rooms = await forEach(numbers, async (k) => ({ k, url: (await enter(anyOf(k), `host-${k}`, `room-${k}`)).url }));
const guests: Caller[] = [];
await measure("enter", people, () => forEach(rooms, async ({ k, url }) => guests.push(await enter(url, `guest-${k}`, `room-${k}`))), idle);
const lost: Caller[] = [];
await measure("redirect+enter", people, () => forEach(rooms, async ({ k, url }) => lost.push(await enter(anyOf(urls.indexOf(url) + 1), `lost-${k}`, `room-${k}`))), idle);
await measure("leave", people, () => forEach(guests, leave), idle);
await measure("leave lost", people, () => forEach(lost, leave), idle);
const pairs = await forEach(numbers, async (k) => [await hello(anyOf(k), `from-${k}`), await hello(anyOf(k + 1), `to-${k}`)] as const);
await measure("call", people, () => forEach(pairs, ([f, t]) => call(f, t)), idle);
console.log("count", numbers.length);
await nodes.kill();
redis.disconnect();
await server.stop();
process.exit();
