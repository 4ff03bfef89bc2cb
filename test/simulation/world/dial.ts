import type { EventLoop } from "./event-loop.js";
import { Pipe, type Network } from "./network.js";
import { PageSocket, type Tasks } from "./page-socket.js";
import { ServerSocket, type SocketWitness } from "./server-socket.js";
import type { World } from "./world.js";

/** A server process that takes connections. */
export interface Listening {
  readonly loop: EventLoop;
  readonly witness: SocketWitness;
  accept(socket: ServerSocket): void;
}

/** Pauses between the attempts of TCP to connect to a machine that does not answer. */
const SYN_RETRIES_MS = [1_000, 2_000, 4_000, 8_000] as const;

/** Opens a WebSocket from a page to the server process that listens when the packet arrives. */
export function dial(world: World, network: Network, service: () => Listening | undefined, tasks: Tasks): PageSocket {
  const page = new PageSocket(tasks);
  const attempt = (count: number): void => {
    if (!page.isConnecting) return;
    if (network.up) {
      world.after(2 * network.latency(), () => arrive(world, network, service(), page));
      return;
    }
    const pause = SYN_RETRIES_MS[count];
    if (pause !== undefined) world.after(pause, () => attempt(count + 1));
  };
  attempt(0);
  return page;
}

function arrive(world: World, network: Network, service: Listening | undefined, page: PageSocket): void {
  if (!service) {
    world.after(network.latency(), () => page.gotReset());
    return;
  }
  const { loop, witness } = service;
  const up = new Pipe(world, network, (at, run) => loop.arrive(at, run));
  const down = new Pipe(world, network, (at, run) => world.at(at, run));
  let openEnds = 2;
  const gone = (): void => {
    openEnds -= 1;
    if (openEnds > 0) return;
    up.close();
    down.close();
  };
  page.connected(up, down, gone);
  // The handshake waits in the backlog until the process reads it. By then the page may have given up.
  loop.arrive(world.now.at, () => {
    down.send(() => page.gotOpen());
    page.far = new ServerSocket({ loop, out: down, page, witness, gone });
    service.accept(page.far);
    if (page.isClosed) page.far.gotReset(false);
  });
}
