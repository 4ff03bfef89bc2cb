/** Where Lastseen is: in this process, or as a service elsewhere. The backend looks the same for both. */
import { watchMediasoup } from "@lastseen/agent";
import { attachLastseen } from "lastseen/node";
import { lastseenSocketIo } from "lastseen/socket.io";
import * as mediasoup from "mediasoup";

/** The product's own events, by Lastseen's names for them. */
const EVENTS = { ping: "ping", pong: "pong", beforeDisconnect: "beforeDisconnect", user_left: "user_left" };

/** Attached to the backend's server. Its pages know nothing of Lastseen: their Socket.IO connection carries the session. */
export async function presenceHere(server, io, page) {
  const lastseen = await attachLastseen(server, {
    prefix: "/presence",
    settings: { CORS_ORIGIN: page, ADMIN_TOKEN: process.env.ADMIN_TOKEN, RESUME_GRACE_MS: 2_000 },
    // Only for pages with a client of Lastseen. Here `enter` says who a client is.
    authenticate: () => {
      throw new Error("no page says hello itself");
    },
    logger: false,
  });
  const people = lastseenSocketIo(io, { lastseen, events: EVENTS });
  return {
    lastseen,
    /** @returns the session of the socket */
    enter: (socket, { roomId }) => people.enter(socket, { userId: socket.data.userId, roomId }),
    close: () => lastseen.close(),
  };
}

/** A service elsewhere. The page says hello to it, and names its session when it joins; the agent watches the media of this process. */
export function presenceElsewhere({ url, token }) {
  const watch = watchMediasoup({ url, token, mediasoup, name: "express-socketio" });
  return {
    lastseen: undefined,
    enter: async (_socket, { sessionId }) => sessionId,
    close: () => watch.close(),
  };
}
