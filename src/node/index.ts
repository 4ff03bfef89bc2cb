/**
 * Lastseen on the HTTP server of any Node.js application: Express, Nest, Koa, or `node:http` alone. See docs/node-backends.md.
 *
 *     const server = createServer(app);
 *     const lastseen = await attachLastseen(server, { prefix: "/presence", settings: { … } });
 *     server.listen(3000);
 */
export { attachLastseen, type AttachedLastseen, type AttachOptions } from "./attach.js";
export { ConfigError } from "../config/load.js";
export type { AuthenticateHook, KnownUser } from "../plugin/authenticate.js";
export type { LastseenEvents, SessionInfo } from "../plugin/events.js";
export type { Lastseen } from "../plugin/lastseen.js";
export type { PluginSettings } from "../plugin/options.js";
