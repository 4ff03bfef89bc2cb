import Type, { type Static } from "typebox";

const Port = Type.Integer({ minimum: 0, maximum: 65535 });
const Ms = (minimum: number) => Type.Integer({ minimum, maximum: 86_400_000 });
const Count = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const Text = Type.String({ minLength: 1 });
/** `forms` says in words what the pattern lets in; it stands in the message when a value is refused. */
const Form = (pattern: string, forms: string) => Type.String({ pattern, forms });
const WEB_URL = Form("^https?://.+", "an http:// or https:// URL");

/**
 * Every setting by the name of its environment variable. The files in `config/` use the same names; the environment
 * overlays them. Durations are milliseconds.
 */
export const Settings = Type.Object(
  {
    PORT: Port,
    HOST: Text,
    WEB_PORT: Port,
    LOG_LEVEL: Type.Enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    HEARTBEAT_INTERVAL_MS: Ms(100),
    IDLE_TIMEOUT_MS: Ms(200),
    SWEEP_INTERVAL_MS: Ms(100),
    AWAY_AFTER_MS: Ms(100),
    RESUME_GRACE_MS: Ms(100),
    RELOAD_GRACE_MS: Ms(100),
    SOCKET_PING_INTERVAL_MS: Ms(100),
    HELLO_TIMEOUT_MS: Ms(100),
    DRAIN_TIMEOUT_MS: Ms(0),
    CALL_RING_TIMEOUT_MS: Ms(100),
    MULTI_TAB_POLICY: Type.Enum(["transfer", "reject", "allow"]),
    MAX_ROOM_SIZE: Count,
    MAX_ROOMS: Count,
    MAX_CONNECTIONS: Count,
    MAX_MESSAGES_PER_SECOND: Count,
    AUTH_MODE: Type.Enum(["none", "jwt"]),
    JWT_SECRET: Type.Optional(Type.String({ minLength: 32 })),
    CORS_ORIGIN: Type.Optional(Type.String()),
    ADMIN_TOKEN: Type.Optional(Type.String({ minLength: 8 })),
    METRICS_TOKEN: Type.Optional(Type.String({ minLength: 8 })),
    SFU_LISTEN_IP: Text,
    SFU_ANNOUNCED_IP: Type.Optional(Text),
    SFU_PORT: Port,
    SFU_WORKERS: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 })),
    MEDIASOUP_WORKER_BIN: Type.Optional(Text),
    REDIS_URL: Type.Optional(
      Form(
        "^rediss?(\\+(sentinel|cluster))?://.+",
        "a redis://, redis+sentinel:// or redis+cluster:// URL, or one of these with rediss for TLS",
      ),
    ),
    NODE_ID: Type.Optional(Form("^[A-Za-z0-9_.:-]{1,64}$", "1 to 64 letters, digits or any of _ . : -")),
    PUBLIC_URL: Type.Optional(WEB_URL),
    SERVICE_URL: Type.Optional(WEB_URL),
    WEBHOOK_URL: Type.Optional(WEB_URL),
    WEBHOOK_SECRET: Type.Optional(Text),
  },
  { additionalProperties: false },
);

export type Settings = Static<typeof Settings>;

export const ENVIRONMENTS = ["development", "production", "test"] as const;
export type Environment = (typeof ENVIRONMENTS)[number];
