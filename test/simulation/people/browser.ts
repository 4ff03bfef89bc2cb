import type { Environment } from "@lastseen/client";
import { dial } from "../world/dial.js";
import type { Page, Surroundings } from "./page.js";
import type { PageTimers } from "./page-timers.js";

/** The browser of a page: simulated parts for everything that the client takes from its environment. */
export function browserOf(
  page: Page,
  around: Surroundings,
  storage: Map<string, string>,
  timers: PageTimers,
): Environment {
  const { world, service } = around;
  const { machine } = page;
  const { network, locks } = machine;
  return {
    timers,
    openSocket: () => {
      const socket = dial(world, network, service, page);
      for (const old of page.sockets) if (old.isClosed) page.sockets.delete(old);
      page.sockets.add(socket);
      return socket;
    },
    fetch: undefined,
    random: () => world.random.next(),
    page: {
      get visibility() {
        return page.hidden ? "hidden" : "visible";
      },
      listen: (listener) => {
        page.listener = listener;
        return () => (page.listener = undefined);
      },
      askBeforeClosing: () => () => {},
      beacon: (_url, body) => sendBeacon(page, around, body),
    },
    storage: { get: (key) => storage.get(key) ?? null, set: (key, value) => void storage.set(key, value) },
    locks: {
      hold: async (name, waitMs) => {
        const release = await locks.hold(name, waitMs);
        if (!release) return undefined;
        const free = (): void => {
          if (page.locks.delete(free)) release();
        };
        page.locks.add(free);
        if (page.gone) free();
        return free;
      },
      whenFree: (name, signal) => locks.whenFree(name, signal),
    },
    openChannel: (_name, hear) => machine.openChannel(page, hear),
    createId: () => `tab-${world.random.below(2 ** 32).toString(36)}`,
    pageId: page.name,
  };
}

/** Delivers a beacon over its own connection, before or after the socket's end, or not at all. */
function sendBeacon({ machine }: Page, { world, service }: Surroundings, body: string): boolean {
  if (!machine.network.up || world.chance(0.1)) return true;
  const { sessionId, resumeToken } = JSON.parse(body) as { sessionId: string; resumeToken: string };
  world.after(machine.network.latency() * 3, () => {
    const node = service();
    node?.loop.arrive(world.now.at, () => node.goodbye(sessionId, resumeToken));
  });
  return true;
}
