import { LastseenError } from "@lastseen/protocol";
import type { Session } from "../../../src/session/session.js";
import type { Random } from "../../support/random.js";
import { RecordingConnection } from "../../support/world.js";
import type { SimulatedNode } from "./node.js";

const PING_MS = 5_000;
/** A client that hears nothing for this time gives its connection up. */
const PATIENCE_MS = 15_000;
const REQUEST_TIMEOUT_MS = 10_000;
const MOST_REDIRECTS = 3;

/** The node and connection that a client uses at this moment. */
interface Attachment {
  readonly node: SimulatedNode;
  readonly connection: RecordingConnection;
  session: Session;
  heardAt: number;
}

/** A person who wants to be in a room. Does what the SDK does, on any node that answers. */
export class Member {
  readonly userId: string;
  readonly roomId: string;
  attachment: Attachment | undefined;
  /** The person has closed the page and does not come back. */
  gone = false;
  /** The person's network is down until this time. */
  offlineUntil = -Infinity;
  #ticket: { sessionId: string; token: string } | undefined;
  #nextAt = 0;
  /** When the present request began. `#attempt` numbers the requests, so that a late answer to an abandoned one is ignored. */
  #busySince: number | undefined;
  #attempt = 0;
  readonly #nodes: () => readonly SimulatedNode[];
  readonly #random: Random;

  constructor(userId: string, roomId: string, nodes: () => readonly SimulatedNode[], random: Random) {
    this.userId = userId;
    this.roomId = roomId;
    this.#nodes = nodes;
    this.#random = random;
  }

  get isInRoom(): boolean {
    return this.attachment?.session.participation?.roster.id === this.roomId;
  }

  /** @param now monotonic milliseconds */
  tick(now: number): void {
    if (this.gone || now < this.offlineUntil) return;
    if (this.#busySince !== undefined && now - this.#busySince > REQUEST_TIMEOUT_MS) this.#abandon();
    if (this.attachment) this.#live(this.attachment, now);
    else if (now >= this.#nextAt && this.#busySince === undefined) this.#begin(now);
  }

  /** The person closes the page, and the browser closes the socket. */
  leave(): void {
    this.gone = true;
    this.#drop(1001);
  }

  /** The network is down for a while, and the node sees the connection break. */
  loseNetwork(now: number, ms: number): void {
    this.offlineUntil = now + ms;
    this.#drop(1006);
  }

  #live(attachment: Attachment, now: number): void {
    const { node, connection, session } = attachment;
    if (connection.closedAs !== undefined || node.time.state === "dead") {
      if (connection.closedAs === "expired") this.#ticket = undefined;
      this.attachment = undefined;
      this.#nextAt = now + this.#random.below(1_500);
      return;
    }
    if (!node.isRunning) {
      if (now - attachment.heardAt > PATIENCE_MS) this.#drop(1006);
      return;
    }
    if (now - attachment.heardAt < PING_MS) return;
    attachment.heardAt = now;
    if (!session.isOwnedBy(connection)) this.#drop(1006);
    else {
      node.world.liveness.heard(session);
      if (!this.isInRoom && this.#busySince === undefined) void this.#guard(now, () => this.#join(attachment, 0));
    }
  }

  /** Ends the socket. A process that stands still learns this when it runs again. */
  #drop(code: number): void {
    const { attachment } = this;
    this.attachment = undefined;
    if (attachment)
      attachment.node.time.after(0, () =>
        attachment.node.world.sessions.detach(attachment.session, attachment.connection, code),
      );
  }

  #begin(now: number): void {
    const [first, ...rest] = this.#nodes().filter((node) => node.isRunning);
    this.#nextAt = now + 500 + this.#random.below(1_500);
    if (first) void this.#guard(now, () => this.#hello(this.#random.pick([first, ...rest]), 0));
  }

  async #guard(now: number, work: () => Promise<void>): Promise<void> {
    this.#busySince = now;
    const attempt = ++this.#attempt;
    await work().catch((error: unknown) => {
      if (!(error instanceof LastseenError)) throw error;
    });
    if (attempt === this.#attempt) this.#busySince = undefined;
  }

  /** No answer came in time, so the client gives the connection up. */
  #abandon(): void {
    this.#attempt += 1;
    this.#busySince = undefined;
    this.#drop(1006);
  }

  async #hello(node: SimulatedNode, redirects: number): Promise<void> {
    if (!node.isRunning) return;
    const ticket = this.#ticket;
    if (!ticket) return this.#open(node, redirects);
    const { world } = node;
    const connection = new RecordingConnection();
    const request = { sessionId: ticket.sessionId, resumeToken: ticket.token };
    if (world.registry.find(ticket.sessionId)) {
      const outcome = world.sessions.resume(request, this.#identity, connection);
      if (outcome.kind === "resumed") return this.#attach(node, connection, outcome.session);
      this.#ticket = undefined;
      return this.#open(node, redirects);
    }
    const attempt = this.#attempt;
    const place = await world.directory.findSession(ticket.sessionId).catch(() => undefined);
    if (!node.isRunning || this.gone || attempt !== this.#attempt) return;
    if (!place) {
      this.#ticket = undefined;
      return this.#open(node, redirects);
    }
    const there = this.#nodes().find(({ id }) => id === place.url);
    if (!place.expired && there && redirects < MOST_REDIRECTS) return this.#hello(there, redirects + 1);
  }

  async #open(node: SimulatedNode, redirects: number): Promise<void> {
    const connection = new RecordingConnection();
    const session = node.world.sessions.open(this.#identity, `tab-${this.userId}`, connection);
    this.#attach(node, connection, session);
    if (this.attachment) await this.#join(this.attachment, redirects);
  }

  #attach(node: SimulatedNode, connection: RecordingConnection, session: Session): void {
    this.attachment = { node, connection, session, heardAt: node.time.mono() };
    this.#keep(session);
  }

  #keep(session: Session): void {
    this.#ticket = { sessionId: session.id, token: session.resumeToken.text ?? "" };
  }

  async #join(attachment: Attachment, redirects: number): Promise<void> {
    const { node, connection, session } = attachment;
    const { roomId } = this;
    try {
      const request = { session, connection, roomId, metadata: undefined, onDuplicate: undefined };
      await node.world.admission.admit(request, (admitted) => {
        attachment.session = admitted.session;
        if (this.attachment === attachment) this.#keep(admitted.session);
      });
    } catch (error) {
      if (!(error instanceof LastseenError) || error.code !== "redirect") throw error;
      const there = this.#nodes().find(({ id }) => id === error.data?.["url"]);
      // Another attachment means that this attempt was given up.
      if (!there || redirects >= MOST_REDIRECTS || this.attachment !== attachment) return;
      // The session on this node is useless. It ends, and the client opens another on the node that has the room.
      this.attachment = undefined;
      this.#ticket = undefined;
      void node.world.reaper.end(session, { reason: "left" });
      await this.#hello(there, redirects + 1);
    }
  }

  get #identity() {
    return { userId: this.userId, name: this.userId, rooms: undefined, calls: true, expiresAt: Infinity };
  }
}
