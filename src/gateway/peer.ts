import type { IncomingMessage } from "node:http";

/** Where a connection comes from. The log of refused requests shows it. */
export interface Peer {
  /** The address at the other end of the socket: of the client, or of the proxy in front of the service. */
  readonly address: string | undefined;
  /** The end of `X-Forwarded-For`. The proxy wrote the last part; anybody may have written the parts before it. */
  readonly forwardedFor?: string;
}

/** Only so many characters at the end are kept: a proxy adds its part there, and a client may send any length. */
const SHOWN_LENGTH = 100;

/** Called only for a refusal: a socket uses more memory after it was asked for its address. */
export type AskPeer = () => Peer;

/** @param request the handshake of the WebSocket; it is not kept */
export function peerOf({ socket, headers }: IncomingMessage): AskPeer {
  const forwardedFor = String(headers["x-forwarded-for"] ?? "").slice(-SHOWN_LENGTH);
  return () => ({ address: socket.remoteAddress, ...(forwardedFor === "" ? {} : { forwardedFor }) });
}
