import { LONGEST_CHANGE_MS } from "../../../src/media/rtp/tab-change.js";
import type { ServiceNode } from "../service/node.js";
import { SETTINGS } from "../service/settings.js";
import { CLOSE_TIMEOUT_MS, type ServerSocket } from "../world/server-socket.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/** Tolerance for the delay of timers and packets. */
const SLACK_MS = 3_000;

/** V5 for sockets: the service closes a socket that sends no hello or that has lost its session. */
export class Sockets {
  readonly #scene: Scene;
  readonly #ledger: Ledger;
  readonly #node: ServiceNode;
  /** When each socket lost its session, or was opened. */
  readonly #idleSince = new WeakMap<ServerSocket, number>();

  constructor(scene: Scene, ledger: Ledger, node: ServiceNode) {
    this.#scene = scene;
    this.#ledger = ledger;
    this.#node = node;
  }

  /** Runs every second. */
  check(): void {
    const { loop } = this.#node;
    const now = this.#scene.world.now.at;
    if (loop.isStopped) return;
    for (const [socket, { sessionId, acceptedAt }] of this.#ledger.sockets) {
      if (sessionId !== undefined && this.#ledger.owns(socket, sessionId)) {
        this.#idleSince.delete(socket);
        continue;
      }
      const since = this.#idleSince.get(socket) ?? (sessionId === undefined ? acceptedAt : now);
      this.#idleSince.set(socket, since);
      // A tab whose session was taken over is told at the end of the change of tabs.
      const untold = sessionId === undefined ? SETTINGS.helloMs : LONGEST_CHANGE_MS;
      const allowed = untold + CLOSE_TIMEOUT_MS + SLACK_MS;
      if (now - since - loop.stoppedSince(since) <= allowed) continue;
      const what = sessionId === undefined ? "has never greeted" : `has lost ${this.#scene.nameOf(sessionId)}`;
      this.#scene.fail("V5", `a socket that ${what} is still open after ${Math.round((now - since) / 1000)} s`);
    }
  }
}
