/** Secrets for tests, as `openssl rand -hex 32` makes them: the service takes no weak ones in production, and warns of them elsewhere. */
export const ADMIN_TOKEN = "edba8246c90c9e2d390b28eb46017842f22b4c57727586e6a967b17115182fa2";
export const METRICS_TOKEN = "1ad86471fbbdd1d14ada9d63f6f2772ea317d104d1fcb18ea7272c0b4c11ccc5";
export const AGENT_TOKEN = "5c3d2f7a90be14c86f0a7d1be92c48356ad1fe0b37c95284e1fa60d39b7c48e5";
export const JWT_SECRET = "919d1ba516d052854596194d36ce77dadaea45eaef84039971b8999980292c67";
/** Another secret than {@link JWT_SECRET}. */
export const OTHER_JWT_SECRET = "b2961962838fe8fc363cce92fbd30d555034519c3f139326c05aae38af6119a1";
export const WEBHOOK_SECRET = "0aed8e374b2e431382f0390b4b43d2e718c9d653879e34da78c13c7fc8537236";

/** The settings that a service in production cannot do without, on this machine only. */
export const PRODUCTION = { LASTSEEN_ENV: "production", JWT_SECRET, HOST: "127.0.0.1" };
