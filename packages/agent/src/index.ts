/**
 * Connects a process that has mediasoup with a Lastseen service that runs elsewhere.
 *
 * @module
 */
export { watchMediasoup } from "./watch-mediasoup.js";
export type { AgentLogger, MediasoupWatch, WatchOptions } from "./options.js";
