import type { ServiceNode } from "../service/node.js";
import type { Leftovers } from "./leftovers.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/** V6: the metrics equal the real numbers, which the check counts in another way. */
export class Gauges {
  readonly #scene: Scene;
  readonly #node: ServiceNode;
  readonly #ledger: Ledger;
  readonly #leftovers: Leftovers;

  constructor(scene: Scene, node: ServiceNode, ledger: Ledger, leftovers: Leftovers) {
    this.#scene = scene;
    this.#node = node;
    this.#ledger = ledger;
    this.#leftovers = leftovers;
  }

  check(): void {
    const { service, sockets, media } = this.#node;
    const { sources, rooms, reaper } = service;
    this.#scene.count("check", "V6 gauges");
    const sessions = sources.sessions();
    const there = this.#countSessions();
    this.#expect("open sessions", sessions.present + sessions.away + sessions.ghost, there.open);
    const certain = [...this.#leftovers.cleaning.values()].filter(Boolean).length;
    const closing = Math.min(Math.max(sessions.closing, certain), this.#leftovers.cleaning.size);
    this.#expect("closing sessions", sessions.closing, closing);
    for (const [state, count] of Object.entries(sessions)) if (count < 0) this.#expect(state, count, 0);
    this.#expect("participants", sources.participants(), there.members);
    this.#expect("rooms", sources.rooms(), there.rooms.size);
    this.#expect("rooms", rooms.size, sources.rooms());
    this.#expect("connections", sources.connections(), sockets.size);
    this.#expect("heartbeats", sources.heartbeats(), this.#ledger.pongs);
    this.#expect("messages received", sources.messagesReceived(), this.#ledger.frames);
    this.#expect("stuck sessions", sources.stuckSessions(), reaper.stuck.length);
    // The service counts more refusals than the ledger sees: it does not send a refusal when the socket has closed.
    this.#expect("refusals", Math.min(sum(sources.messagesRejected()), this.#ledger.refusals), this.#ledger.refusals);
    this.#expect("socket closes", sum(sources.socketCloses()), this.#ledger.closes);
    this.#expect("media orphans", sources.orphans().transport, media.strays);
    this.#expect("media transports", sources.media().transport, there.transports + media.strays);
  }

  #countSessions(): { open: number; members: number; rooms: Set<string>; transports: number } {
    const there = { open: 0, members: 0, rooms: new Set<string>(), transports: 0 };
    for (const { status, participation } of this.#node.service.registry.all()) {
      if (status === "open") there.open += 1;
      if (!participation) continue;
      there.members += 1;
      there.rooms.add(participation.roster.id);
      there.transports += participation.media.counts().transports;
    }
    return there;
  }

  #expect(what: string, shown: number, actual: number): void {
    if (shown !== actual) this.#scene.fail("V6", `${what}: ${shown} are shown, ${actual} there are`);
  }
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
