/**
 * The service on what a deployment has: its settings, its store, its media plane, its backend. No server yet: `app.ts` adds
 * one, `plugin/` uses the one of somebody else's application.
 */
import type { Logger } from "pino";
import { CallerLists } from "../admin/caller-lists.js";
import { AddressCheck } from "../cluster/address-check.js";
import type { Config } from "../config/load.js";
import type { Authenticate } from "../gateway/authenticate.js";
import { authenticationOf } from "./authentication.js";
import { askAddress } from "../http/ask-address.js";
import type { HttpOptions } from "../http/server.js";
import type { Clock } from "../kernel/clock.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import { Metrics } from "../observability/metrics.js";
import type { MediaPlane } from "../ports/media-plane.js";
import { endOfMedia, followSessionsOf, isOfApplications } from "./application-media.js";
import { createCore } from "./core.js";
import { keepHistory } from "./keep-history.js";
import { observe } from "./observe.js";
import { agentLists, httpOptionsOf, operatorView } from "./routes.js";
import { Run } from "./run.js";
import { createService, type Service } from "./service.js";
import type { ServicePorts } from "./service-ports.js";
import { settingsOf } from "./settings.js";
import { checkStore } from "./store-check.js";
import { openStores, type Stores } from "./stores.js";
import { VERSION } from "./version.js";
import { openWebhooks, followSessions } from "./webhooks.js";

/** Clients come back after a restart within this time, each at its own moment. */
export const RECONNECT_SPREAD_MS = 5_000;

export interface Assembled<Media extends MediaPlane = MediaPlane> {
  readonly service: Service;
  readonly media: Media;
  readonly callers: CallerLists;
  readonly httpOptions: HttpOptions;
  /** To be started when the server is ready. */
  readonly run: Run;
}

/** @param parts `disposals` gets what must be closed, in the order in which it was opened */
export async function assemble<Media extends MediaPlane>(parts: {
  config: Config;
  log: Logger;
  clock: Clock;
  openMedia: (stores: Stores) => Media | Promise<Media>;
  disposals: DisposalStack;
  /** Takes the place of `AUTH_MODE`. */
  authenticate?: Authenticate | undefined;
}): Promise<Assembled<Media>> {
  const { config, log, clock, openMedia, disposals, authenticate } = parts;
  const listenerFailed = (error: unknown, event: PropertyKey): void =>
    log.error({ err: error, event: String(event) }, "a listener failed");

  for (const warning of config.WARNINGS) log.warn({ reason: warning }, "a setting would be refused in production");
  const stores = await openStores(config, { clock, log, listenerFailed }, disposals);
  const webhooks = openWebhooks(config, stores.events, { log, clock, listenerFailed }, disposals);
  const media = await openMedia(stores);
  disposals.defer("media", () => media.close());
  const metrics = new Metrics({ version: VERSION, nodeVersion: process.version, nodeId: config.NODE_ID });
  disposals.defer("metrics", () => metrics.close());

  const settings = settingsOf(config);
  const { restart } = stores;
  const ports: ServicePorts = {
    clock,
    random: Math.random,
    directory: stores.directory,
    nodeName: stores.nodeName,
    bus: stores.bus,
    calls: stores.calls,
    blocks: stores.blocks,
    media,
    authenticate: authenticate ?? authenticationOf({ config, log, clock, metrics }),
    cleanupSteps: isOfApplications(media) ? [endOfMedia(media)] : [],
    told: webhooks && (() => webhooks.written()),
    keep: restart && ((sessions) => restart.keep(sessions)),
    journal: log,
    log,
    listenerFailed,
    heartbeatGap: (gapMs) => metrics.traffic.observeHeartbeatGap(gapMs),
    orphanClosed: (kind) => metrics.media.countOrphanClosed(kind),
  };
  const service = createService(settings, ports, createCore(settings, clock, listenerFailed), disposals);
  if (isOfApplications(media)) followSessionsOf(media, service.lifecycle);
  observe({ config, log, clock, service, media, stores, webhooks, metrics });
  const history = keepHistory({ log, clock, service, disposals });
  if (webhooks) followSessions(webhooks, service, clock, disposals);

  const { clusterEvents: events } = service;
  const lost = stores.check && checkStore(stores.check, { log, events, clock, webhooks, disposals });

  const own = { nodeId: config.NODE_ID, url: config.PUBLIC_URL };
  const addresses = service.cluster && new AddressCheck({ clock, own, ask: askAddress, events });
  disposals.defer("address check", () => addresses?.close());

  const run = new Run({ config, log, clock, service, restart });
  const { operator, rpc } = operatorView(config.NODE_ID, service, stores, clock, disposals);
  const agents = agentLists(media, { rpc, service });
  const callers = new CallerLists(stores.blockedCallers, config.MAX_BLOCKED_CALLERS);
  const isReady = (): boolean => run.isReady;
  const httpOptions = httpOptionsOf({
    config,
    log,
    clock,
    service,
    stores,
    lost,
    addresses,
    operator,
    agents,
    callers,
    media,
    metrics,
    history,
    webhooks,
    isReady,
  });
  return { service, media, callers, httpOptions, run };
}
