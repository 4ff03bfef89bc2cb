import type { SessionConnection } from "./session-connection.js";

/**
 * Tells the client that another node goes on with its session, and closes the connection.
 *
 * @param url where clients reach that node; undefined: the client goes to its usual address, and any node sends it on
 * @param reconnectAfterMs when it is to connect again
 */
export function sendElsewhere(connection: SessionConnection, url: string | undefined, reconnectAfterMs: number): void {
  connection.sendEvent("server_closing", { reconnectAfterMs, ...(url === undefined ? {} : { url }) });
  connection.close("serviceRestart");
}
