/**
 * The forms of `REDIS_URL`:
 *
 *     redis://[[user]:password@]host[:port][/db]
 *     redis+sentinel://[[user]:password@]host[:port][,host[:port]…]/masterName[/db]
 *     redis+cluster://[[user]:password@]host[:port][,host[:port]…]
 *
 * With `rediss` instead of `redis` the service uses TLS. User, password and master name are percent-encoded where a
 * character needs it. An IPv6 address is in brackets.
 */

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

interface Common {
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

export type RedisAddress =
  | (Common & { readonly kind: "standalone"; readonly node: HostPort; readonly db: number })
  | (Common & {
      readonly kind: "sentinel";
      readonly sentinels: readonly HostPort[];
      readonly masterName: string;
      readonly db: number;
    })
  | (Common & { readonly kind: "cluster"; readonly nodes: readonly HostPort[] });

const REDIS_PORT = 6_379;
const SENTINEL_PORT = 26_379;

/**
 * Reads a `REDIS_URL`.
 *
 * @throws Error that says what is wrong. Its text never contains a part of the URL, because it could be the password.
 */
export function parseRedisUrl(url: string): RedisAddress {
  const match = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/]*)@)?([^/@]*)(?:\/(.*))?$/.exec(url);
  if (!match)
    throw wrong("must begin with redis://, rediss://, redis+sentinel:// or redis+cluster://, or is malformed");
  const [, scheme, kind, userinfo, hosts = "", path = ""] = match;
  if (/[?#]/.test(hosts + path)) throw wrong("must not have a query or a fragment");
  const common = { tls: scheme === "rediss", ...credentials(userinfo) };
  const segments = path === "" ? [] : path.split("/");
  if (kind === "cluster") {
    if (segments.length > 0) throw wrong("names a database, but a cluster has only database 0");
    return { kind, ...common, nodes: hostList(hosts, REDIS_PORT) };
  }
  if (kind === "sentinel") {
    const [masterName, db, ...rest] = segments;
    if (!masterName) throw wrong("does not name the master that the sentinels watch: …/masterName");
    if (rest.length > 0) throw wrong("has too many parts after the hosts");
    return {
      kind,
      ...common,
      sentinels: hostList(hosts, SENTINEL_PORT),
      masterName: decoded(masterName, "master name"),
      db: database(db),
    };
  }
  const [node, ...others] = hostList(hosts, REDIS_PORT);
  if (!node || others.length > 0) throw wrong("names several hosts: use redis+sentinel:// or redis+cluster://");
  if (segments.length > 1) throw wrong("has too many parts after the host");
  return { kind: "standalone", ...common, node, db: database(segments[0]) };
}

function credentials(userinfo: string | undefined): { username: string | undefined; password: string | undefined } {
  if (userinfo === undefined) return { username: undefined, password: undefined };
  const colon = userinfo.indexOf(":");
  if (colon < 0) throw wrong("has a user without a password: write user:password@, or :password@");
  const username = decoded(userinfo.slice(0, colon), "user");
  const password = decoded(userinfo.slice(colon + 1), "password");
  if (password === "") throw wrong("has an empty password");
  return { username: username === "" ? undefined : username, password };
}

function hostList(hosts: string, defaultPort: number): HostPort[] {
  return hosts.split(",").map((text) => {
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+))(?::(\d+))?$/.exec(text);
    const host = match?.[1] ?? match?.[2];
    if (!match || host === undefined) throw wrong("lacks a host, or a host is malformed");
    const port = match[3] === undefined ? defaultPort : Number(match[3]);
    if (port < 1 || port > 65_535) throw wrong("has a port that is not between 1 and 65535");
    return { host, port };
  });
}

function database(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (!/^\d{1,4}$/.test(text)) throw wrong("has a database that is not a number");
  return Number(text);
}

function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`has a ${what} with a malformed % sequence`);
  }
}

function wrong(problem: string): Error {
  return new Error(`REDIS_URL ${problem}`);
}
