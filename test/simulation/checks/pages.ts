import type { Host } from "../service/host.js";
import type { Scene } from "./scene.js";

/**
 * V2 and V3 at rest: all clients have come back. The services have exactly the sessions that pages have, and exactly the
 * participants whose pages are in a room.
 */
export function checkPagesAtRest(scene: Scene, hosts: readonly Host[]): void {
  const named = (roomId: string | undefined): string => (roomId === undefined ? "no room" : scene.roomNamed(roomId));
  const there = new Map<string, string | undefined>();
  for (const { node } of hosts) {
    for (const { id, participation } of node?.service.registry.all() ?? []) there.set(id, participation?.roster.id);
  }
  for (const page of scene.pages) {
    const { state, session, room } = page.client;
    scene.count("check", `pages at rest: ${state}`);
    if (state === "disconnected") continue;
    const id = session?.sessionId ?? "";
    if (state !== "connected" || !there.has(id)) {
      scene.fail("V2", `${page.name} is still ${state} long after everything was repaired`);
    } else if (there.get(id) !== room?.id) {
      scene.fail("V4", `${page.name} shows ${named(room?.id)}, the service has it in ${named(there.get(id))}`);
    }
    there.delete(id);
  }
  for (const id of there.keys()) scene.fail("V3", `${scene.nameOf(id)} is still here and belongs to no page`);
}

/** V7 for clients: a client that has stopped holds no timer, listener, lock or socket. */
export function checkPagesAtEnd(scene: Scene): void {
  for (const page of scene.pages) {
    const { left } = page;
    scene.count("check", "V7 pages");
    if (left.length > 0) scene.fail("V7", `${page.name} has stopped and still has ${left.join(", ")}`);
  }
}
