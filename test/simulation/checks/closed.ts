import type { ServiceNode } from "../service/node.js";
import type { Scene } from "./scene.js";

/** V7: when a service has said that it is closed, no entry and no socket is left. */
export async function checkClosed(node: ServiceNode, scene: Scene): Promise<void> {
  const { registry, rooms, reaper, gateway, sockets, media, store } = node;
  const { transport, producer, router, workers } = media.counts();
  const left: Record<string, number> = {
    sessions: registry.size,
    users: registry.userCount,
    rooms: rooms.size,
    connections: gateway.connectionCount,
    sockets: sockets.size,
    "unfinished cleanups": reaper.unfinished,
    "media objects": transport + producer + router + workers - media.strays,
  };
  if (store.failures === 0) {
    const { sessions, rooms: homes } = await store.truth.counts();
    left["sessions in the store"] = sessions;
    left["rooms in the store"] = homes;
  }
  for (const [what, count] of Object.entries(left)) {
    if (count !== 0) scene.fail("V7", `${count} ${what} are left after the service was closed`);
  }
}

/** V7: some seconds later no timer is left either; one that ends by itself and does nothing may last so long. */
export function checkTimers(node: ServiceNode, scene: Scene): void {
  const { pendingTimers } = node.loop;
  if (pendingTimers > 0) scene.fail("V7", `${pendingTimers} timers are left long after the service was closed`);
}
