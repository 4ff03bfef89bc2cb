import type { IncomingHttpHeaders } from "node:http";

/** Where a connection comes from. The log of refused requests shows it. */
export interface Peer {
  /** The address of the client, or of the proxy in front of the service when `TRUSTED_PROXIES` does not name it. */
  readonly address: string;
  /** The end of `X-Forwarded-For`. The proxy wrote the last part; anybody may have written the parts before it. */
  readonly forwardedFor?: string;
}

/**
 * Where a client comes from behind proxies whose `X-Forwarded-For` counts: the last address that is not one of them.
 *
 * @param address of the other side of the TCP connection
 */
export function addressBehind(
  address: string,
  headers: IncomingHttpHeaders,
  isProxy: (address: string) => boolean,
): string {
  if (!isProxy(address)) return address;
  const forwarded = String(headers["x-forwarded-for"] ?? "").split(",");
  let found = address;
  while (isProxy(found)) {
    const before = forwarded.pop()?.trim();
    if (before === undefined || before === "") return found;
    found = before;
  }
  return found;
}

/** Only so many characters at the end are kept: a proxy adds its part there, and a client may send any length. */
const SHOWN_LENGTH = 100;

/** @param address of the client, as the server that took the handshake knows it */
export function peerOf(address: string, headers: IncomingHttpHeaders): Peer {
  const forwardedFor = String(headers["x-forwarded-for"] ?? "").slice(-SHOWN_LENGTH);
  return { address, ...(forwardedFor === "" ? {} : { forwardedFor }) };
}
