/**
 * Finds out whether the addresses of the other nodes lead to them. Clients are sent to these addresses, so a wrong one keeps them
 * out of their rooms. With each renewal this node asks one address at most, and only when the answer to the last one is there.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { AskAddress } from "../ports/ask-address.js";
import type { NodeView } from "../ports/directory.js";
import type { ClusterEvents } from "./events.js";
import type { AddressProblem, WrongAddress } from "./wrong-address.js";

/** A good address is asked again after this time. */
const GOOD_FOR_MS = 60_000;
/** One that did not answer. A node that died is known by then, and one that starts has opened its port. */
const SILENT_FOR_MS = 8_000;
/** One that is known to be wrong. */
const WRONG_FOR_MS = 15_000;
/** An address of several nodes leads to the right one by chance. So it counts as mended after so many right answers in a row. */
const RIGHT_ANSWERS = 5;

interface Asked {
  readonly url: string;
  /** When it is due again, monotonic milliseconds. */
  dueAt: number;
  silences: number;
  rightInARow: number;
  wrong: WrongAddress | undefined;
}

export class AddressCheck {
  readonly #clock: Clock;
  readonly #own: { nodeId: string; url: string | undefined };
  readonly #ask: AskAddress;
  readonly #events: Emitter<ClusterEvents>;
  readonly #asked = new Map<string, Asked>();
  readonly #closing = new AbortController();
  readonly #unfollow: () => void;
  #running: Promise<void> | undefined;

  constructor(options: {
    clock: Clock;
    own: { nodeId: string; url: string | undefined };
    ask: AskAddress;
    events: Emitter<ClusterEvents>;
  }) {
    this.#clock = options.clock;
    this.#own = options.own;
    this.#ask = options.ask;
    this.#events = options.events;
    this.#unfollow = options.events.on("renewed", ({ nodes }) => this.#renewed(nodes));
  }

  /** The addresses that are known to be wrong. */
  get wrong(): readonly WrongAddress[] {
    return [...this.#asked.values()].flatMap(({ wrong }) => wrong ?? []);
  }

  async close(): Promise<void> {
    this.#unfollow();
    this.#closing.abort();
    await this.#running;
  }

  #renewed(nodes: readonly NodeView[]): void {
    const others = nodes.filter(
      ({ nodeId, expired, draining }) => nodeId !== this.#own.nodeId && !expired && !draining,
    );
    this.#forgetAllBut(others);
    this.#running ??= this.#askNext(others).finally(() => (this.#running = undefined));
  }

  #forgetAllBut(others: readonly NodeView[]): void {
    const urls = new Map(others.map(({ nodeId, url }) => [nodeId, url]));
    for (const [nodeId, { url, wrong }] of this.#asked) {
      if (urls.get(nodeId) === url) continue;
      this.#asked.delete(nodeId);
      if (wrong) this.#events.emit("address_cleared", { nodeId });
    }
  }

  /** Asks the address that has been due for the longest time, if one is due. */
  async #askNext(others: readonly NodeView[]): Promise<void> {
    let next: { nodeId: string; asked: Asked } | undefined;
    for (const { nodeId, url } of others) {
      if (url === undefined) continue;
      const asked = this.#asked.get(nodeId) ?? { url, dueAt: -Infinity, silences: 0, rightInARow: 0, wrong: undefined };
      if (!next || asked.dueAt < next.asked.dueAt) next = { nodeId, asked };
    }
    if (!next || next.asked.dueAt > this.#clock.mono()) return;
    const { nodeId, asked } = next;
    this.#asked.set(nodeId, asked);
    const found = await this.#look(nodeId, asked);
    if (this.#closing.signal.aborted || this.#asked.get(nodeId) !== asked) return;
    this.#judge(nodeId, asked, found);
  }

  async #look(nodeId: string, { url }: Asked): Promise<{ problem: AddressProblem; found: string } | "right"> {
    if (url === this.#own.url) return { problem: "shared", found: this.#own.nodeId };
    const answer = await this.#ask(url, this.#closing.signal);
    if (answer.kind === "silent") return { problem: "unreachable", found: answer.why };
    if (answer.nodeId === undefined || answer.nodeId === nodeId) return "right";
    return { problem: answer.nodeId === this.#own.nodeId ? "shared" : "other_node", found: answer.nodeId };
  }

  #judge(nodeId: string, asked: Asked, found: { problem: AddressProblem; found: string } | "right"): void {
    const now = this.#clock.mono();
    if (found === "right") {
      asked.silences = 0;
      asked.rightInARow += 1;
      const isMended = asked.wrong?.problem === "unreachable" || asked.rightInARow >= RIGHT_ANSWERS;
      if (asked.wrong && isMended) {
        asked.wrong = undefined;
        this.#events.emit("address_cleared", { nodeId });
      }
      asked.dueAt = now + (asked.wrong ? WRONG_FOR_MS : GOOD_FOR_MS);
      return;
    }
    asked.rightInARow = 0;
    asked.silences = found.problem === "unreachable" ? asked.silences + 1 : 0;
    // One silence can be a start or an end.
    if (asked.silences === 1 && !asked.wrong) {
      asked.dueAt = now + SILENT_FOR_MS;
      return;
    }
    asked.dueAt = now + WRONG_FOR_MS;
    const isNew = asked.wrong?.problem !== found.problem;
    asked.wrong = { nodeId, url: asked.url, ...found };
    if (isNew) this.#events.emit("address_wrong", asked.wrong);
  }
}
