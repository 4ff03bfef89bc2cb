/**
 * Messages between the nodes of one service. The bus delivers a message at most once, and the messages of one sender in the
 * order in which it sent them. A receiver that has missed messages asks the store how things stand; no sender repeats a
 * message.
 */
import type { NodeMessage } from "./node-messages.js";

export interface BusEvents {
  /** A message has arrived from another node. The receiver has a copy of its own. */
  message: { from: string; message: NodeMessage };
  /**
   * Messages that `from` sent to all have not arrived here, and never will. Raised once for each gap. With this node's own name:
   * messages about users that it follows may not have arrived.
   */
  missed: { from: string };
}

/** One node's access to the bus. A node never receives its own messages, also when it sends one to its own name. */
export interface Bus {
  /** Number of messages that this node has sent to all, or about users and in vain. The other nodes compare it with what they have received. */
  readonly sent: number;
  /** Sends a message to one node or to all other nodes. Never rejects, never waits; a message that can't be sent is lost. */
  send(to: { nodeId: string } | "all", message: NodeMessage): void;
  /**
   * Sends a message to the other nodes that follow at least one of these users: once to each. Otherwise as {@link send}. When the
   * bus can't tell whom a node follows, the message goes to that node too.
   */
  sendAbout(userIds: readonly string[], message: NodeMessage): void;
  /**
   * From now on this node gets the messages about a user. A node that reads how things stand has to follow first and to read then:
   * so it hears of everything that changes after it has read.
   *
   * @returns resolves when the messages arrive that others send from then on. Never rejects: when the bus can't be asked, the
   *   promise resolves too, and `missed` is raised later, when the messages do arrive
   */
  follow(userId: string): Promise<void>;
  /** The opposite of {@link follow}, however often that was called. Never rejects. */
  unfollow(userId: string): Promise<void>;
  /**
   * Compares the number of messages that a node says it has sent to all with what has arrived here. A message can still be
   * under way at the first comparison; what has not arrived by the next one is missed. Messages that the node sent before
   * this node knew it count as well. The number of this node itself is never missed.
   *
   * @param epoch of the lease under which the node says so; what it says under an older lease is ignored
   */
  compare(nodeId: string, epoch: number, sent: number): void;
  /**
   * Adds a listener. The other listeners are told also when one of them throws.
   *
   * @returns a function that removes the listener
   */
  on<K extends keyof BusEvents>(event: K, listener: (event: BusEvents[K]) => void): () => void;
  /** Ends the access: no message arrives after this. Can be called twice. */
  close(): Promise<void>;
}
