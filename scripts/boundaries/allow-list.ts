/**
 * What each folder may import. Whatever the list does not name is forbidden; `check.ts` compares it with the imports in
 * the sources. docs/decisions/ says why this is a list of what is allowed.
 *
 * The longest key that a file's path starts with is the file's owner. An entry is one of these:
 *
 * - another key of the list, such as `src/kernel`
 * - a package of ours by its name, such as `@lastseen/protocol`
 * - a library, with its subpaths (`typebox`), or one subpath alone (`mediasoup/types`)
 * - a module of Node.js (`node:crypto`), or all of them (`node:*`)
 */
export type AllowList = Readonly<Record<string, readonly string[]>>;

export interface Boundaries {
  allowed: AllowList;
  /** Libraries that more than one folder may import, and why. Every other library has one folder. */
  shared: Readonly<Record<string, string>>;
}

/** What the folders with the rules of the service build on. */
const CORE = ["src/kernel", "src/ports", "@lastseen/protocol"] as const;

export const boundaries: Boundaries = {
  allowed: {
    // Runs in browsers, too: nothing of Node.js.
    "packages/protocol": ["typebox"],
    "packages/client": ["@lastseen/protocol"],
    "packages/client/src/media": ["packages/client", "@lastseen/protocol", "mediasoup-client"],
    "packages/client/src/devices": ["packages/client", "packages/client/src/media"],
    "packages/react": ["@lastseen/client", "react"],
    "packages/server": ["@lastseen/protocol", "jose", "standardwebhooks", "node:*"],
    // The same watch over mediasoup as in the service: it is bundled into the package.
    "packages/agent": ["@lastseen/protocol", "src/kernel", "src/ports", "src/media", "mediasoup", "ws", "node:*"],
    "packages/conformance": ["@lastseen/protocol", "ws", "node:*"],
    "src/web": ["@lastseen/client", "@lastseen/protocol", "preact", "@preact/signals", "uplot"],

    "src/kernel": [],
    "src/config": ["typebox", "node:*"],
    "src/ports": ["src/kernel", "@lastseen/protocol", "typebox"],
    "src/session": [...CORE, "node:crypto"],

    // What acts on sessions. None of these folders imports another.
    "src/reaper": [...CORE, "src/session"],
    "src/room": [...CORE, "src/session"],
    "src/call": [...CORE, "src/session", "node:crypto"],
    "src/cluster": [...CORE, "src/session", "node:crypto"],
    "src/webhook": [...CORE, "src/session", "node:*"],

    // What implements the ports.
    "src/memory": [...CORE],
    "src/redis": [...CORE, "ioredis", "typebox", "node:*"],
    "src/restart": [...CORE, "typebox", "node:*"],
    "src/media": [...CORE, "mediasoup", "typebox", "node:*"],

    // What stands between the service and those who use or watch it.
    "src/gateway": [
      ...CORE,
      "src/session",
      "src/room",
      "src/call",
      "src/reaper",
      "@fastify/websocket",
      "fast-jwt",
      "fastify",
      "jose",
      "typebox",
      "ws",
      "node:*",
    ],
    "src/observability": [
      ...CORE,
      "src/session",
      "src/room",
      "src/call",
      "src/reaper",
      "src/cluster",
      "src/webhook",
      "src/gateway",
      "pino",
      "prom-client",
      "node:perf_hooks",
    ],
    "src/admin": [...CORE, "src/session", "src/room", "src/reaper", "src/cluster", "src/observability", "typebox"],
    "src/http": [
      ...CORE,
      "src/admin",
      "src/reaper",
      "src/session",
      "@fastify/cors",
      "@fastify/helmet",
      "@fastify/static",
      "@fastify/swagger",
      "@fastify/swagger-ui",
      "@fastify/type-provider-typebox",
      "fastify",
      "typebox",
      "node:*",
    ],

    // What puts the parts together.
    "src/composition": [
      ...CORE,
      "src/config",
      "src/session",
      "src/reaper",
      "src/room",
      "src/call",
      "src/cluster",
      "src/webhook",
      "src/memory",
      "src/redis",
      "src/restart",
      "src/media",
      "src/gateway",
      "src/observability",
      "src/admin",
      "src/http",
      "fastify",
      "pino",
      "node:*",
    ],
    "src/plugin": [
      ...CORE,
      "src/config",
      "src/session",
      "src/media",
      "src/gateway",
      "src/admin",
      "src/http",
      "src/composition",
      "fastify",
      "fastify-plugin",
      "mediasoup/types",
      "pino",
      "typebox",
      "node:*",
    ],
    "src/node": [
      "@lastseen/protocol",
      "src/config",
      "src/gateway",
      "src/http",
      "src/observability",
      "src/plugin",
      "fastify",
      "node:*",
    ],
    // For the tests of products.
    "src/testing": [
      "@lastseen/client",
      "@lastseen/protocol",
      "src/kernel",
      "src/config",
      "src/observability",
      "src/composition",
      "ws",
      "node:*",
    ],
    "src/socketio": ["@lastseen/protocol", "src/session", "src/gateway", "src/plugin", "node:*"],
    "src/main.ts": [
      "src/kernel",
      "src/config",
      "src/http",
      "src/observability",
      "src/composition",
      "close-with-grace",
      "pino",
      "node:*",
    ],
  },

  shared: {
    typebox: "describes the data at each edge: messages, settings, records in Redis, routes",
    ws: "the gateway names its types; the agent opens a socket, and so does what plays a service or a person in a test",
    fastify: "the HTTP server and the gateway hang their routes into one application",
    jose: "the gateway checks the tokens of identity providers; packages/server makes tokens for a backend",
    mediasoup:
      "media/ and the agent, which shares its code, use it; the plugin's options are mediasoup's own types, because its users pass their own objects",
    pino: "observability/ makes the logger; what is handed a logger names its type",
  },
};
