import type { ServiceNode } from "../service/node.js";
import type { Session } from "../../../src/session/session.js";
import type { Scene } from "./scene.js";

/**
 * V4 and V5: every stay in a room ends once, and every session ends once. When the service reports a session's cleanup as
 * done, nothing of the session is left in the registry, the rooms, the store and the media workers.
 */
export class Leftovers {
  /**
   * Ended sessions whose cleanup is not done. The value is `false` when the cleanup of a stay in a room was not done either:
   * then the check cannot tell which of the two cleanups a report is about.
   */
  readonly cleaning = new Map<string, boolean>();
  readonly #scene: Scene;
  readonly #node: ServiceNode;
  readonly #inRoom = new Map<string, string>();
  readonly #ended = new Set<string>();
  /** Ended sessions whose entry could not be removed from the store. The audit removes it later. */
  readonly #owed = new Set<string>();
  /** Cleanups that have begun and not ended, by session: one for every stay in a room, and one for the session's end. */
  readonly #open = new Map<string, number>();

  constructor(scene: Scene, node: ServiceNode) {
    this.#scene = scene;
    this.#node = node;
    const { lifecycle } = node.service;
    const { fail, nameOf } = scene;
    lifecycle.on("joined", ({ session, roomId }) => {
      if (this.#inRoom.has(session.id)) fail("V4", `${nameOf(session.id)} has joined while it was in a room`);
      this.#inRoom.set(session.id, roomId);
    });
    lifecycle.on("left", ({ session, roomId }) => {
      if (this.#inRoom.get(session.id) !== roomId) fail("V4", `${nameOf(session.id)} has left a room it was not in`);
      this.#inRoom.delete(session.id);
      if (session.status === "open") this.#count(session, 1);
    });
    lifecycle.on("ended", ({ session }) => {
      if (this.#ended.has(session.id)) fail("V5", `${nameOf(session.id)} has ended twice`);
      this.#ended.add(session.id);
      this.cleaning.set(session.id, !this.#open.has(session.id));
      this.#count(session, 1);
    });
    lifecycle.on("directory_failed", ({ session }) => {
      if (session.status !== "open") this.#owed.add(session.id);
    });
    lifecycle.on("cleaned", ({ session, result, reason }) => {
      if (result === "stuck") return;
      this.#count(session, -1);
      if (this.#open.has(session.id) || !this.#ended.has(session.id)) return;
      this.cleaning.delete(session.id);
      // A service that stops ends its workers next, so it does not ask them what they hold.
      this.#assertGone(session, reason === "shutdown" ? [] : this.#node.media.heldOf(session.id));
    });
  }

  /** Runs at rest: only what belongs to a live session may be left. */
  async checkAtRest(): Promise<void> {
    const { service, store, media } = this.#node;
    const { registry, rooms, reaper } = service;
    const { sessions, rooms: homes } = await store.truth.counts();
    this.#expect(reaper.unfinished + reaper.stuck.length, 0, "unfinished cleanups");
    this.#expect(this.cleaning.size, 0, "sessions whose cleanup never ended");
    // While the store was away, its index may have missed a session, or kept a room that nobody could enter.
    const told = store.way.failures === 0;
    const most = registry.size + this.#owed.size;
    this.#scene.count("check", told ? "V5 at rest, store and all" : "V5 at rest");
    this.#expect(sessions, told ? registry.size : Math.min(sessions, most), "sessions in the store");
    this.#expect(homes, told ? rooms.size : Math.max(homes, rooms.size), "rooms in the store");
    this.#expect(media.strays, 0, "orphans");
    for (const { id, sessionId } of media.held()) {
      const owned = registry.find(sessionId)?.participation !== undefined;
      if (!owned) this.#scene.fail("V5", `the worker still holds ${id} of ${this.#scene.nameOf(sessionId)}`);
    }
  }

  #count(session: Session, change: number): void {
    const open = (this.#open.get(session.id) ?? 0) + change;
    if (open === 0) this.#open.delete(session.id);
    else this.#open.set(session.id, open);
  }

  /** @param held what the workers hold of the session */
  #assertGone(session: Session, held: readonly string[]): void {
    const { service, store } = this.#node;
    const { registry, rooms } = service;
    const { fail, nameOf, count } = this.#scene;
    count("check", "V5 cleaned");
    const left: string[] = [];
    if (registry.find(session.id)) left.push("the registry");
    if (registry.ofUser(session.userId).includes(session)) left.push("the registry's users");
    if (session.expiry.list) left.push("an expiry list");
    for (const room of rooms.all()) if (room.members.has(session.id)) left.push(`room ${room.id}`);
    if (held.length > 0) left.push(`the worker (${held.join(", ")})`);
    if (left.length > 0) fail("V5", `${nameOf(session.id)} was cleaned, but it is still in ${left.join(", ")}`);
    void store.truth.findSession(session.id).then((entry) => {
      if (entry && !this.#owed.has(session.id))
        fail("V5", `${nameOf(session.id)} was cleaned, but it is still in the store`);
    });
  }

  #expect(actual: number, expected: number, what: string): void {
    if (actual !== expected) this.#scene.fail("V5", `${what}: ${actual}, should be ${expected}`);
  }
}
