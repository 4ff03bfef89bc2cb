import type { Socket } from "node:net";

/** When one of two sockets ends, the other ends too. `sockets` has both while they are open. */
export function endTogether(one: Socket, other: Socket, sockets: Set<Socket>): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    sockets.add(from);
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  }
}
