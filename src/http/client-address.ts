import type { IncomingMessage } from "node:http";
import proxyAddress from "@fastify/proxy-addr";

/**
 * Says where a request comes from, as Fastify's `request.ip` does: the first address that is not a trusted proxy's.
 *
 * @param isProxy whether an address is one of the proxies whose `X-Forwarded-For` counts
 */
export function clientAddress(isProxy: (address: string) => boolean): (request: IncomingMessage) => string {
  // The socket of a request that has ended already has no address.
  return (request) => proxyAddress(request, isProxy) ?? "";
}
