import type { Calls } from "../../call/calls.js";
import type { StatusBoard } from "../../call/status-board.js";
import type { Handler, Handlers } from "./handler.js";

type CallRequest =
  "startCall" | "acceptCall" | "declineCall" | "cancelCall" | "endCall" | "watchStatus" | "unwatchStatus";

/** Calling somebody, being called, and seeing who can be. */
export function callHandlers(parts: { calls: Calls; statuses: StatusBoard }): Pick<Handlers, CallRequest> {
  const { calls, statuses } = parts;
  return {
    startCall: ({ session, connection, data: { to, kind }, reply }) =>
      calls.start({ session, connection, to, kind }, reply),
    acceptCall: ({ session, data, reply }) =>
      calls.accept(session, data.callId, ({ callId, roomId }) => reply({ callId, roomId })),
    async declineCall({ session, data, reply }) {
      await calls.decline(session, data.callId);
      reply({});
    },
    async cancelCall({ session, data, reply }) {
      await calls.cancel(session, data.callId);
      reply({});
    },
    async endCall({ session, data, reply }) {
      await calls.end(session, data.callId);
      reply({});
    },
    watchStatus: ({ session, data, reply }) =>
      statuses.watch(session, data.userIds, (shown) => reply({ statuses: shown })),
    unwatchStatus({ session, data, reply }) {
      reply({ statuses: statuses.unwatch(session, data.userIds) });
    },
  };
}

/** Joining as it is, but for the rooms of calls, into which only the two of the call may go. */
export function guardCallRooms(calls: Calls, join: Handler<"join">): Handler<"join"> {
  return (context) => {
    const { session, connection, data } = context;
    const checked = calls.assertMayEnter(session, data.roomId);
    if (!checked) return join(context);
    return checked.then(() => {
      session.assertOwnedBy(connection);
      return join(context);
    });
  };
}
