/**
 * Makes the Redis clients for each kind of address. A client answers or rejects every command within
 * {@link COMMAND_TIMEOUT_MS}. It does not queue commands while Redis is away, and sends none twice. It tries to connect
 * until it is closed.
 */
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { backOff, type BackOff } from "../kernel/back-off.js";
import { followCredentials, tlsOptions, type RedisCredentials } from "./credentials.js";
import { failureKind } from "./failure.js";
import { rotatingConnector } from "./rotating-connector.js";
import type { RedisAddress } from "./redis-url.js";
import type { ShardChannel } from "./shard-channel.js";

/** The client rejects a command that got no answer within this time. */
export const COMMAND_TIMEOUT_MS = 1_000;
/** The client ends a connection when it waits for an answer and nothing arrives for this time. */
const SILENCE_MS = 1_500;
const CONNECT_TIMEOUT_MS = 1_500;
/** A client that has connected to a Redis that loads its data asks it again after at most this time. */
const LOADING_PAUSE_MS = 1_000;
/** The client destroys a connection that needs longer than this to close. */
const END_MS = 100;
/** Pauses between attempts to connect. They are short, because a node without Redis cannot take over sessions. */
const CONNECTING: BackOff = { firstMs: 100, mostMs: 1_500, jitter: 0.5 };

export type CommandClient = Redis | Cluster;

type Settings = Omit<RedisOptions, "replyMapping">;

/** The client for commands. For a cluster it has several connections. */
export function createCommandClient(address: RedisAddress, credentials: RedisCredentials): CommandClient {
  if (address.kind !== "cluster") return connected(singleSettings(address, credentials, "commands"), credentials);
  const cluster = new Cluster([...address.nodes], {
    redisOptions: nodeSettings(address, credentials, "commands"),
    // A command can wait for the connection to the node that it needs. Its own time limit ends that wait.
    enableOfflineQueue: true,
    clusterRetryStrategy: pauseBefore,
    // A certificate names a host, so TLS needs the host's name and not its address.
    ...(address.tls && { dnsLookup: (host, done) => done(null, host) }),
    slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    // The command fails at once. Its caller decides when to try again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
  });
  // The client of a node connects when it is first used.
  cluster.on("+node", (node: Redis) => followCredentials(node.options, credentials));
  return cluster;
}

/**
 * The client for subscriptions. In a cluster it connects to any one of the nodes, and then to that which has the channel.
 *
 * @param shard only in a cluster
 */
export function createSubscribingClient(
  address: RedisAddress,
  credentials: RedisCredentials,
  shard?: ShardChannel,
): Redis {
  if (address.kind !== "cluster") return connected(singleSettings(address, credentials, "messages"), credentials);
  const tls = address.tls ? tlsOptions(credentials) : undefined;
  const settings: Settings = {
    ...nodeSettings(address, credentials, "messages"),
    ...TRYING,
    Connector: rotatingConnector(address.nodes, tls, END_MS, () => shard?.takeNext()),
  };
  return connected(settings, credentials);
}

/** A client that begins to connect when it knows its credentials. */
function connected(settings: Settings, credentials: RedisCredentials): Redis {
  const client = new Redis({ ...settings, lazyConnect: true });
  followCredentials(client.options, credentials);
  // The client tells its listeners of the error, and tries again.
  client.connect().catch(() => undefined);
  return client;
}

function singleSettings(
  address: Exclude<RedisAddress, { kind: "cluster" }>,
  credentials: RedisCredentials,
  purpose: string,
): Settings {
  const common = { ...nodeSettings(address, credentials, purpose), ...TRYING, db: address.db };
  if (address.kind === "standalone") return { ...common, ...address.node };
  return {
    ...common,
    sentinels: [...address.sentinels],
    name: address.masterName,
    failoverDetector: true,
    sentinelRetryStrategy: pauseBefore,
    sentinelReconnectStrategy: pauseBefore,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    ...(address.tls && { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(credentials) }),
  };
}

function nodeSettings({ tls }: RedisAddress, credentials: RedisCredentials, purpose: string): Settings {
  return {
    ...(tls && { tls: tlsOptions(credentials) }),
    connectionName: `lastseen-${purpose}`,
    disableClientInfo: true,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: END_MS,
    // When the connection breaks, Redis may have run the command. The client reports this and does not try again.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // Redis tells when it will have loaded its data. It is often sooner.
    maxLoadingRetryTime: LOADING_PAUSE_MS,
    // The master has become a replica. The next connection finds the new master.
    reconnectOnError: (error) => failureKind(error) === "replica",
  };
}

/** How a single connection tries again. The client for a cluster does this for all its connections together. */
const TRYING = { retryStrategy: pauseBefore, enableOfflineQueue: false } satisfies Settings;

/** @param attempt number of attempts that have failed, at least 1 */
function pauseBefore(attempt: number): number {
  return backOff(attempt, CONNECTING, Math.random());
}
