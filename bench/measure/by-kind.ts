import { KINDS, type Kind } from "../client/dialects.js";

export type ByKind<T> = Record<Kind, T>;

export function byKind<T>(make: (kind: Kind) => T): ByKind<T> {
  return { ws: make("ws"), "socket.io": make("socket.io"), lastseen: make("lastseen") };
}

/** All kinds, beginning with another one each time, so that none is always the first. */
export function inTurn(round: number): Kind[] {
  const first = round % KINDS.length;
  return [...KINDS.slice(first), ...KINDS.slice(0, first)];
}
