import { describe, expect, test } from "vitest";
import { parseRedisUrl } from "../../../src/redis/redis-url.js";

const nobody = { username: undefined, password: undefined };
const somebody = { username: "ada", password: "geheim" };

describe("one server", () => {
  test.each([
    ["redis://example.org", { ...nobody, tls: false, node: { host: "example.org", port: 6379 }, db: 0 }],
    ["redis://example.org/", { ...nobody, tls: false, node: { host: "example.org", port: 6379 }, db: 0 }],
    ["rediss://example.org:6380/3", { ...nobody, tls: true, node: { host: "example.org", port: 6380 }, db: 3 }],
    ["redis://ada:geheim@10.0.0.1:7000", { ...somebody, tls: false, node: { host: "10.0.0.1", port: 7000 }, db: 0 }],
    ["redis://:geheim@[::1]:7000/2", { ...somebody, username: undefined, node: { host: "::1", port: 7000 }, db: 2 }],
  ])("%s", (url, address) => {
    expect(parseRedisUrl(url)).toMatchObject({ kind: "standalone", ...address });
  });

  test.each([
    ["p%40ss%2Fw%3Ard", "p@ss/w:rd"],
    ["p@ss:word", "p@ss:word"],
  ])("the password %s is %s", (written, password) => {
    expect(parseRedisUrl(`redis://:${written}@localhost`)).toMatchObject({ password, node: { host: "localhost" } });
  });
});

test("sentinels have another default port, and the URL names the master that they watch", () => {
  expect(parseRedisUrl("redis+sentinel://ada:geheim@s1,s2:27000,s3/my%20master/4")).toEqual({
    kind: "sentinel",
    ...somebody,
    tls: false,
    sentinels: [
      { host: "s1", port: 26_379 },
      { host: "s2", port: 27_000 },
      { host: "s3", port: 26_379 },
    ],
    masterName: "my master",
    db: 4,
  });
  expect(parseRedisUrl("rediss+sentinel://s1/m")).toMatchObject({ kind: "sentinel", tls: true, db: 0 });
});

test("the URL of a cluster names some of its nodes", () => {
  expect(parseRedisUrl("redis+cluster://:geheim@n1:7001,n2:7002")).toEqual({
    kind: "cluster",
    username: undefined,
    password: "geheim",
    tls: false,
    nodes: [
      { host: "n1", port: 7_001 },
      { host: "n2", port: 7_002 },
    ],
  });
  expect(parseRedisUrl("rediss+cluster://n1/")).toMatchObject({ kind: "cluster", tls: true });
});

test.each([
  ["http://localhost", "must begin with"],
  ["localhost:6379", "must begin with"],
  ["redis://", "lacks a host"],
  ["redis://:geheim@", "lacks a host"],
  ["redis://:ge/heim@localhost", "lacks a host, or a host is malformed"],
  ["redis://:@localhost", "empty password"],
  ["redis://geheim@localhost", "user without a password"],
  ["redis://:geheim%@localhost", "password with a malformed % sequence"],
  ["redis://localhost:99999", "port"],
  ["redis://localhost:0", "port"],
  ["redis://localhost/first", "database that is not a number"],
  ["redis://localhost/1/2", "too many parts"],
  ["redis://a,b", "several hosts"],
  ["redis://localhost?geheim=1", "must not have a query"],
  ["redis+sentinel://:geheim@s1", "does not name the master"],
  ["redis+sentinel://s1/m/1/2", "too many parts"],
  ["redis+cluster://n1/1", "only database 0"],
  ["redis+cluster://n1,,n2", "lacks a host"],
])("%s is refused", (url, problem) => {
  const parse = () => parseRedisUrl(url);
  expect(parse).toThrow(/^REDIS_URL /);
  expect(parse).toThrow(problem);
  expect(parse).not.toThrow(/geheim|heim/);
});
