import type { Logger } from "pino";
import type { Authenticate } from "../gateway/authenticate.js";
import type { GatewayLog } from "../gateway/gateway-log.js";
import type { Clock } from "../kernel/clock.js";
import type { BlockList } from "../ports/block-list.js";
import type { Bus } from "../ports/bus.js";
import type { CallStore } from "../ports/call-store.js";
import type { Directory, SessionEntry } from "../ports/directory.js";
import type { MediaKind, MediaPlane } from "../ports/media-plane.js";
import type { NodeName } from "../ports/node-name.js";
import type { CleanupStep } from "../reaper/cleanup.js";

/** Told of a listener that threw, and of the event that it listened to. */
export type ListenerFailed = (error: unknown, event: PropertyKey) => void;

/** What the service needs from outside. Who starts the service makes these parts and closes them. */
export interface ServicePorts {
  clock: Clock;
  /** A number from 0 to 1. */
  random: () => number;
  directory: Directory;
  /** Undefined where no other process can have this node's name. */
  nodeName: NodeName | undefined;
  bus: Bus;
  calls: CallStore;
  blocks: BlockList;
  media: MediaPlane;
  authenticate: Authenticate;
  /** Further steps of every cleanup, after the service's own. */
  cleanupSteps: readonly CleanupStep[];
  /**
   * Keeps the sessions of a node that is alone for its next start; missing when it forgets them. Resolves to false when they
   * could not be kept.
   */
  keep?: ((sessions: readonly SessionEntry[]) => Promise<boolean>) | undefined;
  /**
   * Resolves when the backend will learn of all that has happened here, also if this process dies, or when the log of the events
   * does not answer. Missing where there is no backend.
   */
  told?: (() => Promise<void>) | undefined;
  /** Where the journal writes each step of a session's life. */
  journal: Logger;
  /** Where the gateway writes refused requests and ended sockets. */
  log: GatewayLog;
  listenerFailed: ListenerFailed;
  /** Told the time between a session's last sign of life and its heartbeat. */
  heartbeatGap: (gapMs: number) => void;
  /** Told of every media object that the reconciler closed because no session owns it. */
  orphanClosed: (kind: MediaKind) => void;
}
