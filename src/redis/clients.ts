/**
 * The connections, as the kind of address wants them. A command is answered or rejected within {@link COMMAND_TIMEOUT_MS};
 * none waits until Redis is there again, and none is sent twice. Connecting is tried for ever.
 */
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { backOff, type BackOff } from "../kernel/back-off.js";
import { rotatingConnector } from "./rotating-connector.js";
import type { RedisAddress } from "./redis-url.js";

/** After this time without an answer a command is rejected. */
export const COMMAND_TIMEOUT_MS = 1_000;
/** A connection on which an answer is due and nothing arrives is ended after this time. */
const SILENCE_MS = 1_500;
const CONNECT_TIMEOUT_MS = 1_500;
/** What a connection that is being ended may still take. */
const END_MS = 100;
/** Pauses between attempts to connect: short, because a node without Redis can take nobody in from elsewhere. */
const CONNECTING: BackOff = { firstMs: 100, mostMs: 1_500, jitter: 0.5 };

export type CommandClient = Redis | Cluster;

type Settings = Omit<RedisOptions, "replyMapping">;

/** The connection, or in a cluster the connections, for commands. */
export function createCommandClient(address: RedisAddress): CommandClient {
  if (address.kind !== "cluster") return new Redis(singleSettings(address, "commands"));
  return new Cluster([...address.nodes], {
    redisOptions: nodeSettings(address, "commands"),
    // Commands may wait until the connection to the one node that they need is made; that takes no longer than they do.
    enableOfflineQueue: true,
    clusterRetryStrategy: pauseBefore,
    // Certificates name hosts: a name must reach TLS as it was given.
    ...(address.tls && { dnsLookup: (host, done) => done(null, host) }),
    slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    // Whoever asks is told at once; it knows better when to ask again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
  });
}

/** A connection of its own for subscribing; in a cluster, where every node has all messages, to any of the nodes. */
export function createSubscribingClient(address: RedisAddress): Redis {
  if (address.kind !== "cluster") return new Redis(singleSettings(address, "messages"));
  return new Redis({
    ...nodeSettings(address, "messages"),
    ...TRYING,
    Connector: rotatingConnector(address.nodes, address.tls, END_MS),
  });
}

function singleSettings(address: Exclude<RedisAddress, { kind: "cluster" }>, purpose: string): Settings {
  const common = { ...nodeSettings(address, purpose), ...TRYING, db: address.db };
  if (address.kind === "standalone") return { ...common, ...address.node };
  return {
    ...common,
    sentinels: [...address.sentinels],
    name: address.masterName,
    failoverDetector: true,
    sentinelRetryStrategy: pauseBefore,
    sentinelReconnectStrategy: pauseBefore,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    ...(address.tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
  };
}

function nodeSettings({ username, password, tls }: RedisAddress, purpose: string): Settings {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    connectionName: `lastseen-${purpose}`,
    disableClientInfo: true,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: END_MS,
    // A command whose connection broke may have been carried out: its caller is to know, not to wait for a second try.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // A master that has become a replica: the next connection finds the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  };
}

/** A cluster does this as a whole, for all its nodes. */
const TRYING = { retryStrategy: pauseBefore, enableOfflineQueue: false } satisfies Settings;

/** @param attempt attempts that have failed, from 1 */
function pauseBefore(attempt: number): number {
  return backOff(attempt, CONNECTING, Math.random());
}
