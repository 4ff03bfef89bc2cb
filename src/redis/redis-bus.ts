import { randomUUID } from "node:crypto";
import { Emitter } from "../kernel/emitter.js";
import type { NodeMessage } from "../ports/node-messages.js";
import type { Bus, BusEvents } from "../ports/bus.js";
import type { RedisLink } from "./link.js";
import type { Following } from "./following.js";
import { decodeFrame, encodeFrame } from "./node-frame.js";
import { SequenceTracker } from "../kernel/sequence-tracker.js";
import { loadScript } from "./script.js";
import { integer } from "./replies.js";
import { storedId } from "./stored-text.js";
import type { Subscriber, SubscriberCallbacks } from "./subscriber.js";

const PUBLISH = loadScript("publish");
const PUBLISH_ABOUT = loadScript("publish-about");
/** The bus remembers the numbers of this many senders. A node that restarts under another name is another sender. */
const MOST_SENDERS = 1_000;

/** One node's messages. They travel through Redis channels. */
export class RedisBus implements Bus {
  readonly #link: RedisLink;
  readonly #nodeId: string;
  readonly #stream = randomUUID();
  readonly #events: Emitter<BusEvents>;
  readonly #subscriber: Subscriber;
  readonly #following: Following;
  readonly #unsubscribe: readonly (() => void)[];
  /** The senders that were heard last are at the end. */
  readonly #senders = new Map<string, SequenceTracker>();
  #sent = 0;
  #sentToSome = 0;

  /** @param parts `subscribe` begins to listen on channels */
  constructor(parts: {
    link: RedisLink;
    nodeId: string;
    following: Following;
    subscribe: (channels: readonly string[], callbacks: SubscriberCallbacks) => Subscriber;
    onListenerError: (error: unknown, event: PropertyKey) => void;
  }) {
    this.#link = parts.link;
    this.#nodeId = parts.nodeId;
    this.#events = new Emitter(parts.onListenerError);
    this.#following = parts.following;
    const { keys } = parts.link;
    this.#subscriber = parts.subscribe([keys.channelTo(parts.nodeId), keys.channelToAll], {
      subscribed: () => this.#resume(),
      message: (text) => this.#receive(text),
      failed: () => this.#link.countError("subscribe"),
      echo: (text) => this.#echo(text),
    });
    this.#unsubscribe = [
      parts.link.on("replica", () => this.#subscriber.renew()),
      parts.following.on("missed", () => this.#events.emit("missed", { from: this.#nodeId })),
    ];
  }

  get sent(): number {
    return this.#sent;
  }

  /** Whether this node receives messages now. */
  get subscribed(): boolean {
    return this.#subscriber.subscribed;
  }

  send(to: { nodeId: string } | "all", message: NodeMessage): void {
    if (to === "all") this.#sent += 1;
    const seq = to === "all" ? this.#sent : undefined;
    const channel = to === "all" ? this.#link.keys.channelToAll : this.#link.keys.channelTo(to.nodeId);
    const frame = to === "all" ? this.#frame(message, seq) : this.#frame(message);
    // A node of an earlier version listens on no channel of a shard, and here nobody would notice that it does not hear.
    const way = to === "all" ? "everywhere" : this.#subscriber.way;
    // The bus does not send a lost message again. The link counts the failure, and the receivers notice the missing number.
    this.#link.runInOrder(PUBLISH, [channel, frame, way]).catch(() => undefined);
  }

  sendAbout(userIds: readonly string[], message: NodeMessage): void {
    // The script adds the number.
    const open = this.#frame(message).slice(0, -1);
    const args = [this.#nodeId, this.#link.keys.channelToEach, open, this.#subscriber.way, ...userIds.map(storedId)];
    this.#link.runInOrder(PUBLISH_ABOUT, args).catch(() => {
      // Nobody knows who should have heard of it. It counts as a message to all that is lost, so everybody notices.
      this.#sent += 1;
    });
  }

  follow(userId: string): Promise<void> {
    return this.#following.follow(userId);
  }

  unfollow(userId: string): Promise<void> {
    return this.#following.unfollow(userId);
  }

  compare(nodeId: string, epoch: number, sent: number): void {
    if (nodeId === this.#nodeId) return;
    if (this.#tracker(nodeId).compared(epoch, sent)) this.#events.emit("missed", { from: nodeId });
  }

  on<K extends keyof BusEvents>(event: K, listener: (event: BusEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    return this.#subscriber.close();
  }

  /** @param seq its number, if it goes to all */
  #frame(message: NodeMessage, seq?: number): string {
    // Two messages that say the same are not the same message.
    const nr = seq === undefined ? (this.#sentToSome += 1) : undefined;
    return encodeFrame({ from: this.#nodeId, stream: this.#stream, seq, nr, message });
  }

  async #echo(text: string): Promise<number> {
    if (this.#link.state === "down") throw new Error("nothing can be sent now");
    const channel = this.#link.keys.channelTo(this.#nodeId);
    return integer(await this.#link.runInOrder(PUBLISH, [channel, text, "sharded"]));
  }

  #receive(text: string): void {
    const frame = decodeFrame(text);
    if (!frame) {
      this.#link.countError("receive");
      return;
    }
    const { from, stream, seq, message, numbered } = frame;
    if (stream === this.#stream) return;
    if (numbered) this.#following.arrived(numbered);
    if (seq !== undefined) {
      const { inOrder, missed } = this.#tracker(from).arrived(stream, seq);
      if (missed) this.#events.emit("missed", { from });
      if (!inOrder) return;
    }
    if (message) this.#events.emit("message", { from, message });
  }

  /** Reports a gap for every known sender: messages were lost while the subscription was broken. */
  #resume(): void {
    this.#following.broken();
    if (this.#senders.size === 0 && this.#following.some) this.#events.emit("missed", { from: this.#nodeId });
    for (const [from, tracker] of this.#senders) {
      tracker.broken();
      this.#events.emit("missed", { from });
    }
  }

  #tracker(from: string): SequenceTracker {
    const known = this.#senders.get(from);
    const tracker = known ?? new SequenceTracker();
    this.#senders.delete(from);
    this.#senders.set(from, tracker);
    if (this.#senders.size > MOST_SENDERS) this.#forgetOldest();
    return tracker;
  }

  #forgetOldest(): void {
    const [oldest] = this.#senders.keys();
    if (oldest !== undefined) this.#senders.delete(oldest);
  }
}
