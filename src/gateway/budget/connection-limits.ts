import { addressKey } from "../../kernel/address.js";
import type { RefusalReason } from "../../kernel/refusals.js";

/** Sockets that have not said hello may be so many of all sockets: they prove nothing, so they must not fill the node. */
const BEFORE_HELLO_SHARE = 1 / 4;
/** One address may have so many of these. */
const BEFORE_HELLO_ADDRESS_SHARE = 1 / 10;
/** On a small node neither of the two is less than this, except as {@link MOST_OF_SHARE} says. */
const LEAST_BEFORE_HELLO = 16;
/** One address never has more than this part of the share, so that it cannot fill the share alone. */
const MOST_OF_SHARE = 1 / 2;

/** The sockets of one address. */
export interface Place {
  readonly key: string;
  open: number;
  beforeHello: number;
}

type Refused = Extract<RefusalReason, "connections" | "address" | "before_hello">;

/** Counts the WebSockets of the node and of each address, and says when there are too many. */
export class ConnectionLimits {
  readonly #mostOpen: number;
  readonly #mostOfAddress: number;
  readonly #mostBeforeHello: number;
  readonly #mostBeforeHelloOfAddress: number;
  readonly #places = new Map<string, Place>();
  #open = 0;
  #beforeHello = 0;

  constructor({ connections, perAddress }: { connections: number; perAddress: number }) {
    this.#mostOpen = connections;
    this.#mostOfAddress = perAddress;
    this.#mostBeforeHello = Math.max(LEAST_BEFORE_HELLO, Math.floor(connections * BEFORE_HELLO_SHARE));
    this.#mostBeforeHelloOfAddress = Math.min(
      Math.max(LEAST_BEFORE_HELLO, Math.floor(this.#mostBeforeHello * BEFORE_HELLO_ADDRESS_SHARE)),
      Math.floor(this.#mostBeforeHello * MOST_OF_SHARE),
    );
  }

  /** Addresses that have a socket. */
  get addresses(): number {
    return this.#places.size;
  }

  /** A new socket. @returns why it may not stay; or its place, to be given back with {@link leave} */
  enter(address: string): Place | Refused {
    const key = addressKey(address);
    const place = this.#places.get(key) ?? { key, open: 0, beforeHello: 0 };
    if (this.#open >= this.#mostOpen) return "connections";
    if (place.open >= this.#mostOfAddress) return "address";
    if (this.#beforeHello >= this.#mostBeforeHello) return "before_hello";
    if (place.beforeHello >= this.#mostBeforeHelloOfAddress) return "before_hello";
    this.#places.set(key, place);
    this.#open += 1;
    this.#beforeHello += 1;
    place.open += 1;
    place.beforeHello += 1;
    return place;
  }

  /** Call it once for each place. */
  saidHello(place: Place): void {
    this.#beforeHello -= 1;
    place.beforeHello -= 1;
  }

  leave(place: Place, saidHello: boolean): void {
    if (!saidHello) this.saidHello(place);
    this.#open -= 1;
    place.open -= 1;
    if (place.open === 0) this.#places.delete(place.key);
  }
}
