import { CLOSE_CODES } from "@lastseen/protocol";

/**
 * What Socket.IO says of the end of a socket, as the close code of a WebSocket that ended so. The code decides how long the
 * session waits for its client: short when the page has gone, long when only the connection has.
 *
 * | Socket.IO                     | code | what it tells                                                        |
 * | ----------------------------- | ---- | -------------------------------------------------------------------- |
 * | `client namespace disconnect` | 1000 | The page has called `disconnect()`.                                  |
 * | `server namespace disconnect` | 1005 | The application has called `disconnect()`; the client stays away.    |
 * | `transport close`             | its own | The WebSocket's: 1001 from a page that closes, 1006 from a reset. |
 * | `ping timeout`, all others    | 1006 | The connection broke, or the server stops.                           |
 *
 * @param rawCode the close code of the WebSocket, if there was one and it has ended
 * @see https://socket.io/docs/v4/server-socket-instance/#disconnect
 */
export function closeCodeOf(reason: string, rawCode: number | undefined): number {
  switch (reason) {
    case "client namespace disconnect":
      return CLOSE_CODES.bye.code;
    case "server namespace disconnect":
      return CLOSE_CODES.noStatus.code;
    case "transport close":
      // A page that goes sends 1001, or no code. Socket.IO's own client closes a connection that it gives up with 1000.
      return rawCode === CLOSE_CODES.goingAway.code || rawCode === CLOSE_CODES.noStatus.code
        ? CLOSE_CODES.goingAway.code
        : CLOSE_CODES.abnormal.code;
    default:
      return CLOSE_CODES.abnormal.code;
  }
}
