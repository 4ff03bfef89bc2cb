/**
 * Every setting by the name of its environment variable: what it allows, and what it means. `docs/configuration.md` is
 * made from this file and from the defaults in `config/*.json`, which use the same names.
 */
import Type, { type Static, type TSchema } from "typebox";
import { redis } from "./redis-settings.js";
import { Bearer, Count, Form, Ms, Port, SigningKey, Text, WebUrl, type SettingNotes } from "./setting-kinds.js";

const listening = {
  PORT: Port("The port of the service. With 0 the service takes a free port and logs it."),
  HOST: Text("The address on which the service and the demo page listen."),
  WEB_PORT: Port("The port of the demo page. With 0 there is no demo page."),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({
      description:
        "Addresses and networks of your proxies, separated by commas: `10.0.0.0/8, ::1`. The service believes their `X-Forwarded-For`.",
      unset: "the address of a client is the one that its connection comes from",
    }),
  ),
  LOG_LEVEL: Type.Enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
    description: "The lowest level that is logged; see [logging.md](logging.md).",
  }),
};

const liveness = {
  HEARTBEAT_INTERVAL_MS: Ms(100, "How often a client pings. The service tells its clients."),
  AWAY_AFTER_MS: Ms(100, "After this time without a message a session is shown as away."),
  IDLE_TIMEOUT_MS: Ms(200, "After this time without a message a session is a ghost, and the next sweep removes it."),
  SWEEP_INTERVAL_MS: Ms(100, "How often the sweeper looks for ghosts whose `IDLE_TIMEOUT_MS` has passed."),
  RELOAD_GRACE_MS: Ms(100, "How long a session waits for its client after the page was closed or reloaded."),
  RESUME_GRACE_MS: Ms(100, "How long a session waits for its client after the connection broke."),
  SOCKET_PING_INTERVAL_MS: Ms(
    100,
    "How often the service pings the WebSocket of a session that is not watched. After two unanswered pings the session is away, and it has `RESUME_GRACE_MS` to come back.",
  ),
  WATCHED_PING_INTERVAL_MS: Ms(
    100,
    "The same for a watched session: others are in its room, or it is in a call. When nothing has come for 4/3 of this time, a ping goes out, and another one after this time. With the default a session is away at most 9 s after its connection was cut. Clients that know `alive` give a sign of life every 7/6 of this time, so they need no ping. See [detection.md](detection.md).",
  ),
  PROBE_INTERVAL_MS: Ms(
    100,
    "When the page of a watched session has sent no message for three quarters of this, the service probes it. A page that has not answered after the whole of it is away. So a page that hangs is away within twice this time.",
  ),
  MEDIA_SILENCE_MS: Ms(
    100,
    "When a watched session sends media and nothing has come for so long, the service asks its socket and its page. A session that has not answered after 3 s is away.",
  ),
  PING_BUDGET_PER_SECOND: Count(
    "How many questions to watched sessions, and signs of life from them, this node may handle in a second. When more would be needed, the three intervals above become longer.",
  ),
  HELLO_TIMEOUT_MS: Ms(100, "How long a new WebSocket may stay open without a `hello`."),
  MULTI_TAB_POLICY: Type.Enum(["transfer", "reject", "allow"], {
    description:
      "What happens when a user joins a room from a second tab: it takes over (`transfer`), it is refused (`reject`), or both stay (`allow`).",
  }),
  CALL_RING_TIMEOUT_MS: Ms(100, "How long a call rings before it ends unanswered."),
};

const limits = {
  MAX_ROOM_SIZE: Count("People in one room, the audience included."),
  MAX_LISTED: Count(
    "Participants of one room whom the others see. Whoever comes then is audience: counted and not listed; see [large-rooms.md](large-rooms.md).",
  ),
  LARGE_ROOM: Count(
    "In a room of more people than this, the service tells the others of all changes of a moment in one message, and gives the list in pages.",
  ),
  MAX_ROOMS: Count("Rooms on this node."),
  MAX_CONNECTIONS: Count(
    "WebSockets on this node. Further ones are closed with 1013. A quarter of them may be sockets that have not said hello; one address may have a tenth of these, and at most half of them on a small node.",
  ),
  MAX_CONNECTIONS_PER_ADDRESS: Count(
    "WebSockets of one IP address, or of one IPv6 network of 64 bits. Further ones are closed with 1013. Behind a proxy set `TRUSTED_PROXIES`, or all clients have the proxy's address.",
  ),
  MAX_SESSIONS_PER_USER: Count(
    "Sessions of one user on this node. The hello of a further one is refused with `rate_limited`.",
  ),
  MAX_BLOCKS: Count(
    "Blocks of users that may last at the same time, on all nodes together; see [security.md](security.md#blocked-users). A further one is refused with `overloaded`. Give all nodes the same value.",
  ),
  MAX_RINGS_PER_USER: Count(
    "How often one user may be rung in a minute, by all callers together, on all nodes; by one caller a quarter of that. A further `startCall` is refused with `rate_limited`. Give all nodes the same value.",
  ),
  MAX_BLOCKED_CALLERS: Count(
    "Callers whom users have blocked, of all users and nodes together; one user may block 1000. A further one is refused with `overloaded`. Give all nodes the same value.",
  ),
  MAX_BUFFERED_BYTES: Type.Integer({
    minimum: 65_536,
    maximum: 1_099_511_627_776,
    description:
      "Bytes that all clients together may leave unread. Beyond it the service cuts off the clients that have read least.",
  }),
  MAX_MESSAGES_PER_SECOND: Count(
    "Messages of one WebSocket per second. The messages of 8 seconds may come at once. A message counts once for each 8 KiB that it has.",
  ),
};

const access = {
  AUTH_MODE: Type.Enum(["none", "jwt"], {
    description:
      "How clients prove who they are: with a token (`jwt`), or not at all (`none`). The service does not start with `none` in production.",
  }),
  JWT_SECRET: Type.Optional(
    SigningKey({
      description: "The secret that signs the clients' tokens (HS256).",
      unset: "HS256 tokens are refused; with `AUTH_MODE=jwt` the service then needs `JWT_JWKS_URL`",
    }),
  ),
  JWT_SECRET_PREVIOUS: Type.Optional(
    SigningKey({
      description: "The secret before `JWT_SECRET`, still accepted while you change it.",
      unset: "only `JWT_SECRET` counts",
    }),
  ),
  JWT_JWKS_URL: Type.Optional(
    WebUrl({
      description:
        "Where your identity provider publishes its keys (RS256, ES256, EdDSA); see [deployment.md](deployment.md#tokens).",
      unset: "tokens with these algorithms are refused",
    }),
  ),
  JWT_ISSUER: Type.Optional(Text("Tokens must have this claim `iss`.", { unset: "any issuer" })),
  JWT_AUDIENCE: Type.Optional(
    Text("Tokens must have this claim `aud`, alone or in a list.", { unset: "any audience" }),
  ),
  JWT_CLOCK_TOLERANCE_S: Type.Integer({
    minimum: 0,
    maximum: 600,
    description: "How many seconds the clock of who makes tokens may differ: for the claims `exp`, `nbf` and `iat`.",
  }),
  CORS_ORIGIN: Type.Optional(
    Type.String({
      description:
        "Origins of the pages that may connect, separated by commas: `https://app.example`. `https://*.example.com` is every subdomain of `example.com`, but not `example.com` itself. Apps have origins like `capacitor://localhost`; `null` is a page without an origin; `*` is every page and needs `AUTH_MODE=jwt`. The origins of `PUBLIC_URL` and `SERVICE_URL` are always let in.",
      unset: "only the demo page on this machine, if there is one",
    }),
  ),
  ADMIN_TOKEN: Type.Optional(
    Bearer({
      description: "The bearer token for the operators' API.",
      unset:
        "in development and test the API is open to programs and to your own pages; in production it is not served",
    }),
  ),
  METRICS_TOKEN: Type.Optional(
    Bearer({ description: "The bearer token for `GET /metrics`.", unset: "everybody may read the metrics" }),
  ),
  AGENT_TOKEN: Type.Optional(
    Bearer({
      description:
        "The bearer token of agents: processes with mediasoup of your own, which report media and close it; see [agent.md](agent.md). Needs `SFU_WORKERS=0`.",
      unset: "no agents",
    }),
  ),
};

const media = {
  SFU_WORKERS: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 64,
      description: "mediasoup worker processes. With 0 the service carries no media.",
      unset: "one per processor core, at most 4",
    }),
  ),
  SFU_LISTEN_IP: Text("The address on which the workers listen for media."),
  SFU_ANNOUNCED_IP: Type.Optional(
    Text("The address at which clients reach the workers.", {
      unset: "clients are told `SFU_LISTEN_IP`, which then must not be `0.0.0.0` or `::`",
    }),
  ),
  SFU_PORT: Port(
    "The first worker's port for media, UDP and TCP. Each further worker takes the next one; 0: free ports.",
  ),
  MEDIASOUP_WORKER_BIN: Type.Optional(
    Text("The path of the worker program.", { unset: "the program that npm or `npm run worker` has put in place" }),
  ),
};

const nodes = {
  ...redis,
  NODE_ID: Type.Optional(
    Form("^[A-Za-z0-9_.:-]{1,64}$", {
      description: "The name of this node in logs, metrics and Redis. No two nodes may have the same.",
      forms: "1 to 64 letters, digits or any of _ . : -",
      unset: "a random name",
    }),
  ),
  PUBLIC_URL: Type.Optional(
    WebUrl({ description: "Where clients reach this node directly.", unset: "no client is sent to this node" }),
  ),
  SERVICE_URL: Type.Optional(
    WebUrl({
      description: "The one address of all nodes, for the demo page.",
      unset: "`PUBLIC_URL`; without both, the host of the page itself",
    }),
  ),
  RESTART_FILE: Type.Optional(
    Text(
      "A file in which a node without `REDIS_URL` keeps its sessions, calls and blocks when it stops. Its next start goes on with them, so that nobody leaves the room. The file has names and metadata of users; only the user of the process may read it.",
      { unset: "all sessions end when the node stops" },
    ),
  ),
  DRAIN_TIMEOUT_MS: Ms(0, "How long a node that stops may take to hand its rooms over to the other nodes."),
  REBALANCE_PER_SECOND: Type.Integer({
    minimum: 0,
    maximum: 1_000,
    description:
      "Sessions that a node with fewer than its share, such as one that was added, gets from the others in a second; see [many-nodes.md](many-nodes.md#-a-node-is-added). With 0 only new rooms go to it.",
  }),
};

const webhooks = {
  WEBHOOK_URL: Type.Optional(
    WebUrl({
      description: "Where the service posts its events; see [webhooks.md](webhooks.md).",
      unset: "no events are posted or kept",
    }),
  ),
  WEBHOOK_SECRET: Type.Optional(
    Text(
      "The secret that signs the events: `whsec_` and base64, or text. In production it needs 32 or more characters.",
      {
        secret: "signing",
        unset: "the service does not start with `WEBHOOK_URL`",
      },
    ),
  ),
  WEBHOOK_SECRET_PREVIOUS: Type.Optional(
    Text("The secret before `WEBHOOK_SECRET`. While you change it, both sign every event.", {
      secret: "signing",
      unset: "only `WEBHOOK_SECRET` signs",
    }),
  ),
  WEBHOOK_BATCH_MAX: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    description:
      "Events in one request. Above 1 the service sends batches; your receiver must know them, see [webhooks.md](webhooks.md#many-events-in-one-request).",
  }),
  WEBHOOK_PARALLEL_MAX: Type.Integer({
    minimum: 1,
    maximum: 256,
    description: "Requests to your backend that a node has open at the same time. Each has events of other users.",
  }),
  WEBHOOK_QUEUE_MAX: Type.Integer({
    minimum: 100,
    maximum: 100_000,
    description:
      "Events that may wait on a node for your backend, and as many for Redis. When there are more, the oldest are dropped. 100,000 need about 100 MB of memory.",
  }),
};

/** The settings in the order in which people read about them. */
export const CHAPTERS: readonly { title: string; settings: Readonly<Record<string, TSchema>> }[] = [
  { title: "Listening and logging", settings: listening },
  { title: "Who is alive", settings: liveness },
  { title: "Limits", settings: limits },
  { title: "Access", settings: access },
  { title: "Media", settings: media },
  { title: "Many nodes", settings: nodes },
  { title: "Webhooks", settings: webhooks },
];

/** Every setting. Durations are milliseconds. */
export const Settings = Type.Object(
  { ...listening, ...liveness, ...limits, ...access, ...media, ...nodes, ...webhooks },
  { additionalProperties: false },
);

export type Settings = Static<typeof Settings>;

/** The settings that are secrets. */
export function secretNames(): string[] {
  return Object.entries<TSchema & Partial<SettingNotes>>(Settings.properties).flatMap(([name, { secret }]) =>
    secret === undefined ? [] : [name],
  );
}

export const ENVIRONMENTS = ["development", "production", "test"] as const;
export type Environment = (typeof ENVIRONMENTS)[number];
