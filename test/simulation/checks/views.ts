import type { Participant } from "@lastseen/protocol";
import type { Room } from "../../../src/room/room.js";
import type { Page } from "../people/page.js";
import type { ServiceNode } from "../service/node.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

interface Compared {
  readonly view: object | undefined;
  readonly room: Room | undefined;
  readonly version: number | undefined;
  readonly changes: number;
}

/** A client finds a difference with its next heartbeat. A hidden page sends one once a minute. */
const REPAIRED_WITHIN_MS = 100_000;

/**
 * V4: when nothing is under way to a page, its client shows the roster that the service has. A client with an older version
 * corrects it within a heartbeat.
 */
export class Views {
  readonly #scene: Scene;
  readonly #node: ServiceNode;
  readonly #ledger: Ledger;
  readonly #differsSince = new WeakMap<Page, number>();
  /** What was last compared and equal, by page; both are `undefined` when the page was in no room. */
  readonly #equal = new WeakMap<Page, Compared>();
  /** Pages that differed at the last comparison, or have changed since. */
  readonly #unsure = new Set<Page>();
  /** Counts lifecycle events and changes of media, because each can make a page differ. */
  #changes = 0;
  readonly #producers = new Map<string, string>();
  /** Producers that were lost with their worker. Clients learn that they must renew their media, not which producers are gone. */
  readonly #lost = new Set<string>();

  constructor(scene: Scene, ledger: Ledger, node: ServiceNode) {
    this.#scene = scene;
    this.#node = node;
    this.#ledger = ledger;
    this.#followMedia(node);
    for (const step of ["opened", "resumed", "joined", "transferred", "left", "ended"] as const) {
      node.service.lifecycle.on(step, () => (this.#changes += 1));
    }
  }

  /** Call this when the page has changed what it shows. */
  changed(page: Page): void {
    this.#unsure.add(page);
  }

  /** Runs after each step. Looks at the pages that may differ. */
  check(): void {
    for (const page of this.#unsure) this.#look(page);
  }

  /** Runs every few seconds. Looks at all pages. */
  checkAll(): void {
    for (const page of this.#scene.pages) this.#look(page);
  }

  #look(page: Page): void {
    if (page.gone || this.#isAsBefore(page)) {
      this.#unsure.delete(page);
      return;
    }
    this.#unsure.add(page);
    if (page.connected && page.isQuiet) this.#compare(page);
    else this.#differsSince.delete(page);
  }

  /** Whether nothing has changed on either side since the page was found equal. */
  #isAsBefore(page: Page): boolean {
    const last = this.#equal.get(page);
    return (
      last !== undefined &&
      last.changes === this.#changes &&
      last.view === page.client.room &&
      last.room?.version === last.version
    );
  }

  #followMedia({ media, service }: ServiceNode): void {
    media.on("producer_opened", ({ sessionId, producer }) => {
      this.#changes += 1;
      this.#producers.set(producer.id, sessionId);
    });
    media.on("producer_changed", () => (this.#changes += 1));
    media.on("producer_closed", ({ producerId }) => {
      this.#changes += 1;
      this.#producers.delete(producerId);
    });
    service.lifecycle.on("left", ({ session }) => this.#forget(session.id));
    media.on("media_reset", ({ sessionIds }) => {
      this.#changes += 1;
      for (const sessionId of sessionIds) for (const id of this.#forget(sessionId)) this.#lost.add(id);
    });
  }

  #forget(sessionId: string): string[] {
    const ids = [...this.#producers].filter(([, owner]) => owner === sessionId).map(([id]) => id);
    for (const id of ids) this.#producers.delete(id);
    return ids;
  }

  #compare(page: Page): void {
    const { fail, world, count } = this.#scene;
    const { registry, rooms } = this.#node.service;
    const { session, room: view } = page.client;
    const own = session && registry.find(session.sessionId);
    if (!own || this.#ledger.owners.get(own.id)?.socket.page.tasks !== page) return;
    const room = own.participation && rooms.find(own.participation.roster.id);
    if (!view && !room) {
      this.#equal.set(page, { view, room, version: undefined, changes: this.#changes });
      return;
    }
    // The members are told of what has changed in some moments.
    if (room?.untold) return;
    const isListed = view?.participants.some(({ sessionId }) => sessionId === own.id) ?? false;
    const isIn = isListed || view?.role === "audience";
    if (!view || !isIn || !room || view.id !== room.id || view.version !== room.version || view.next !== undefined) {
      const since = this.#differsSince.get(page) ?? world.now.at;
      this.#differsSince.set(page, since);
      if (world.now.at - since <= REPAIRED_WITHIN_MS) return;
      fail(
        "V4",
        `${page.name} has shown ${this.#show(view)} for a heartbeat and more, but the service has ${this.#show(room)}`,
      );
      return;
    }
    this.#differsSince.delete(page);
    count("check", "V4 views");
    const { version } = room;
    this.#equal.set(page, { view, room, version, changes: this.#changes });
    const listed = rooms.listedParticipants(room);
    const [seen, there] = [this.#digest(view.participants, own.id), this.#digest(listed, own.id)];
    if (seen !== there) fail("V4", `${page.name} shows ${seen}, but in version ${version} there are ${there}`);
    if (room.audience > 0) count("check", "V4 counts of audience");
    if (view.count === room.members.size && view.audience === room.audience) return;
    const counts = `${view.count} people and ${view.audience} of them audience`;
    fail("V4", `${page.name} shows ${counts}, but there are ${room.members.size} and ${room.audience}`);
  }

  /** @param ownId session whose producers are left out: the service tells no session of its own producers */
  #digest(participants: readonly Participant[], ownId: string): string {
    return participants
      .map(({ userId, sessionId, state, metadata, producers }) => {
        const shown = sessionId === ownId ? [] : producers.filter(({ id }) => !this.#lost.has(id));
        const sends = shown.map(({ id, paused }) => (paused ? `${id}/` : id)).toSorted();
        return `${userId} ${this.#scene.nameOf(sessionId)} ${state} ${JSON.stringify(metadata)} ${sends.join("+")}`;
      })
      .toSorted()
      .join(", ");
  }

  #show(room: { id: string; version: number } | undefined): string {
    return room ? `${this.#scene.roomNamed(room.id)} in version ${room.version}` : "no room";
  }
}
