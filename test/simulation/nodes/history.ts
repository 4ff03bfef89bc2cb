import type { Session } from "../../../src/session/session.js";
import type { Member } from "./member.js";
import type { SimulatedNode } from "./node.js";

/** Two nodes may both hold a session for this time, until one of them learns that it has lost the session. */
const SETTLED_MS = 30_000;
/** A client that its node has heard within this time is alive. */
const JUST_HEARD_MS = 20_000;

/** Checks V1 and V2 across nodes, from the events of the nodes. */
export class History {
  readonly #members: readonly Member[];
  readonly #note: (line: string) => void;
  readonly #count: (what: string) => void;
  readonly #fail: (why: string) => void;
  /** When each session was first seen on two nodes that both run and reach the store. */
  readonly #doubled = new Map<string, number>();

  constructor(options: {
    members: readonly Member[];
    note: (line: string) => void;
    count: (what: string) => void;
    fail: (why: string) => void;
  }) {
    this.#members = options.members;
    this.#note = options.note;
    this.#count = options.count;
    this.#fail = options.fail;
  }

  follow({ id, world, time }: SimulatedNode): void {
    const nameOf = ({ userId, id: sessionId, epoch }: Session): string => `${userId}/${sessionId.slice(0, 4)}@${epoch}`;
    const tell = (session: Session, what: string): void => this.#note(`${id} ${nameOf(session)} ${what}`);
    for (const step of ["opened", "joined", "adopted", "resumed", "transferred"] as const) {
      world.events.on(step, ({ session }) => {
        this.#count(step);
        tell(session, step);
      });
    }
    world.events.on("given_up", ({ session, why }) => {
      this.#count(why);
      tell(session, why);
    });
    world.events.on("ended", ({ session, reason, cause }) => {
      this.#count(`ended: ${reason}`);
      tell(session, `ended: ${reason} ${cause ?? ""}`);
      // Without a verdict the node has given the session up, because another node has it.
      if (reason === "node_lost" && !cause) return;
      if (reason === "left" || reason === "shutdown") return;
      const attachment = this.#members.find((member) => member.attachment?.session === session)?.attachment;
      if (attachment && time.mono() - attachment.heardAt < JUST_HEARD_MS) {
        this.#fail(`V2: ${nameOf(session)} was ended as ${reason} (${cause}) on ${id} while its client was there`);
      }
    });
    world.service.clusterEvents.on("taken_over", ({ nodeId, sessions }) =>
      this.#note(`${id} took ${sessions} sessions of ${nodeId}`),
    );
    world.service.clusterEvents.on("lease_lost", () => this.#note(`${id} lost its lease`));
  }

  /** Checks that nodes which run and reach the store agree on which node has which session. */
  check(nodes: readonly SimulatedNode[]): void {
    const holders = new Map<string, string[]>();
    let now = 0;
    for (const { id, world, isRunning, directory, time } of nodes) {
      now = time.mono();
      if (!isRunning || directory.way !== "good") continue;
      for (const session of world.registry.all()) {
        if (session.status !== "open") continue;
        const holder = holders.get(session.id);
        if (holder) holder.push(id);
        else holders.set(session.id, [id]);
      }
    }
    for (const sessionId of this.#doubled.keys()) {
      if ((holders.get(sessionId)?.length ?? 0) < 2) this.#doubled.delete(sessionId);
    }
    for (const [sessionId, ids] of holders) {
      if (ids.length < 2) continue;
      if (!this.#doubled.has(sessionId)) this.#doubled.set(sessionId, now);
      else if (now - (this.#doubled.get(sessionId) ?? now) > SETTLED_MS) {
        this.#fail(`V1: ${sessionId} has been on ${ids.join(" and ")} for more than ${SETTLED_MS} ms`);
      }
    }
  }
}
