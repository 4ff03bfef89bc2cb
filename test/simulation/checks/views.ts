import type { Participant } from "../../../src/protocol/messages/index.js";
import type { Room } from "../../../src/room/room.js";
import type { Page } from "../people/page.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/** A difference is found with the next heartbeat, which a hidden page sends once a minute. */
const REPAIRED_WITHIN_MS = 100_000;

/**
 * V4: as soon as nothing is on its way to a page, what its client shows as the roster is what the service has; a version
 * that differs is made good within a heartbeat.
 */
export class Views {
  readonly #scene: Scene;
  readonly #ledger: Ledger;
  readonly #differsSince = new WeakMap<Page, number>();

  constructor(scene: Scene, ledger: Ledger) {
    this.#scene = scene;
    this.#ledger = ledger;
  }

  check(): void {
    for (const page of this.#scene.pages) {
      if (page.connected && page.isQuiet) this.#compare(page);
      else this.#differsSince.delete(page);
    }
  }

  #compare(page: Page): void {
    const { node, fail, world } = this.#scene;
    const { session, room: view } = page.client;
    const own = session && node?.registry.find(session.sessionId);
    if (!node || !own || this.#ledger.owners.get(own.id)?.socket.page.tasks !== page) return;
    const room = own.participation && node.rooms.find(own.participation.roster.id);
    if (!view || view.id !== room?.id || view.version !== room.version) {
      const since = this.#differsSince.get(page) ?? world.now.at;
      this.#differsSince.set(page, since);
      if (Boolean(view) === Boolean(room) && world.now.at - since <= REPAIRED_WITHIN_MS) return;
      if (world.now.at - since <= REPAIRED_WITHIN_MS) return;
      fail("V4", `${page.name} has shown ${show(view)} for a heartbeat and more, but the service has ${show(room)}`);
      return;
    }
    this.#differsSince.delete(page);
    const [seen, there] = [digest(view.participants), digest(node.rooms.participants(room as Room))];
    if (seen !== there) fail("V4", `${page.name} shows ${seen}, but in version ${room.version} there are ${there}`);
  }
}

function show(room: { id: string; version: number } | undefined): string {
  return room ? `${room.id} in version ${room.version}` : "no room";
}

function digest(participants: readonly Participant[]): string {
  return participants
    .map(({ userId, sessionId, state, metadata, producers }) => {
      const sends = producers.map(({ id, paused }) => (paused ? `${id}/` : id)).toSorted();
      return `${userId} ${sessionId} ${state} ${JSON.stringify(metadata)} ${sends.join("+")}`;
    })
    .toSorted()
    .join(", ");
}
