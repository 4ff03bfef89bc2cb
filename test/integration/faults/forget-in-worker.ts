import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Router } from "mediasoup/types";

const require = createRequire(import.meta.url);
const library = dirname(require.resolve("mediasoup"));

interface Channel {
  readonly bufferBuilder: unknown;
  request(method: number, bodyType: number, body: unknown, handlerId: string): Promise<unknown>;
}
interface RouterMessages {
  CloseTransportRequestT: new (transportId: string) => { pack(builder: unknown): unknown };
}
interface RequestMessages {
  Method: Record<"ROUTER_CLOSE_TRANSPORT", number>;
  Body: Record<"Router_CloseTransportRequest", number>;
}

/**
 * Makes the worker close a transport without telling mediasoup's JavaScript objects. Then the records of the service and
 * the worker differ. Nothing else in these tests can cause that.
 */
export async function forgetInWorker(router: Router, transportId: string): Promise<void> {
  const { CloseTransportRequestT } = require(join(library, "fbs/router.js")) as RouterMessages;
  const { Method, Body } = require(join(library, "fbs/request.js")) as RequestMessages;
  const { transportsForTesting } = router as unknown as {
    transportsForTesting: Map<string, { channelForTesting: Channel }>;
  };
  const channel = transportsForTesting.get(transportId)?.channelForTesting;
  if (!channel) throw new Error("the router has no such transport");
  const body = new CloseTransportRequestT(transportId).pack(channel.bufferBuilder);
  await channel.request(Method.ROUTER_CLOSE_TRANSPORT, Body.Router_CloseTransportRequest, body, router.id);
}
