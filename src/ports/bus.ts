/**
 * Messages between nodes: at most once, in order per sender. A receiver learns that it has missed some and asks the
 * store how things stand; nobody sends anything twice.
 */
import type { NodeMessage } from "./node-messages.js";

export interface BusEvents {
  message: { from: string; message: NodeMessage };
  /** Messages to all were lost: on the way, or while this node was cut off. */
  missed: { from: string };
}

export interface Bus {
  /** Messages sent to all so far; the others compare it with what they have received. */
  readonly sent: number;
  /** Never rejects and never waits: what can't be sent is lost. */
  send(to: { nodeId: string } | "all", message: NodeMessage): void;
  /** What a node says that it has sent to all; raises `missed` when less has arrived. */
  compare(nodeId: string, epoch: number, sent: number): void;
  on<K extends keyof BusEvents>(event: K, listener: (event: BusEvents[K]) => void): () => void;
  close(): Promise<void>;
}
