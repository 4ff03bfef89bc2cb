import type { IncomingMessage } from "node:http";

/** Where a connection comes from, for the log of refusals. */
export interface Peer {
  /** Of the other end of the socket: the client, or the proxy before the service. */
  readonly address: string | undefined;
  /** The end of `X-Forwarded-For`. The last part is the proxy's word, what stands before it anybody's. */
  readonly forwardedFor?: string;
}

/** A client may send as much as it likes; what a proxy has added stands at the end. */
const SHOWN_LENGTH = 100;

/** Asked for a refusal only: a socket that has told its address keeps more memory from then on. */
export type AskPeer = () => Peer;

/** @param request the one that the WebSocket began as; it is not kept */
export function peerOf({ socket, headers }: IncomingMessage): AskPeer {
  const forwardedFor = String(headers["x-forwarded-for"] ?? "").slice(-SHOWN_LENGTH);
  return () => ({ address: socket.remoteAddress, ...(forwardedFor === "" ? {} : { forwardedFor }) });
}
