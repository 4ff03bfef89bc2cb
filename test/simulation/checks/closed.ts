import type { ServiceNode } from "../service/node.js";
import type { Scene } from "./scene.js";

/** V7: after a service has closed, no entry and no socket is left. */
export async function checkClosed({ service, sockets, media, store }: ServiceNode, scene: Scene): Promise<void> {
  const { registry, rooms, reaper, gateway } = service;
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
  scene.count("check", "V7 closed");
  // A join that was under way may still release its room.
  if (store.way.failures === 0 && store.way.pending === 0) {
    const { sessions, rooms: homes } = await store.truth.counts();
    left["sessions in the store"] = sessions;
    left["rooms in the store"] = homes;
    scene.count("check", "V7 closed, with its store");
  }
  for (const [what, count] of Object.entries(left)) {
    if (count !== 0) scene.fail("V7", `${count} ${what} are left after the service was closed`);
  }
}

/** V7: some seconds after a service has closed, no timer is left. */
export function checkTimers({ loop, name }: ServiceNode, scene: Scene): void {
  const { pendingTimers } = loop;
  scene.count("check", "V7 no timers");
  if (pendingTimers > 0) scene.fail("V7", `${pendingTimers} timers are left long after ${name} was closed`);
}
