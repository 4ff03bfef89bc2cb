import { dial, type Listening } from "../world/dial.js";
import { Network } from "../world/network.js";
import type { World } from "../world/world.js";

const LONGEST_STAY_MS = 5 * 60_000;
const WORDS = ["rubbish", "{}", '{"id":1,"type":"join","data":{"roomId":"room-1"}}', '{"type":"ping"}', "[]"] as const;

/** Opens a socket that never says hello: it sends nothing, or frames that make no sense. */
export function visit(world: World, service: () => Listening | undefined): void {
  const network = new Network(world);
  const socket = dial(world, network, service, { task: (run) => run(), says: () => () => {} });
  const talks = world.chance(0.5);
  const talk = (): void => {
    if (socket.isClosed) return;
    socket.send(world.random.pick(WORDS));
    world.after(world.someTime(1_500), talk);
  };
  if (talks) socket.addEventListener("open", talk);
  world.after(world.someTime(LONGEST_STAY_MS), () => {
    if (world.chance(0.5)) socket.leave();
    else socket.break();
  });
}
