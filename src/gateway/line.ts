/** The TCP connection under a WebSocket. */
export interface Line {
  /** Of the client, or of the proxy in front of the service; undefined when it has ended already. */
  readonly remoteAddress?: string | undefined;
  /** The other side has sent FIN, and everything before it was read. */
  readonly readableEnded: boolean;
  /** The error that ended it, such as a reset. */
  readonly errored: Error | null;
  /** Holds back what is written until `uncork`. */
  cork(): void;
  uncork(): void;
}
