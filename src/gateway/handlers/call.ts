import type { Telephony } from "../../call/telephony.js";
import { LastseenError } from "@lastseen/protocol";
import type { Context, Handler, Handlers } from "./handler.js";

/** What a session pays for each status that is read from the store: the reading costs more than its answer. */
const BYTES_PER_STATUS = 2_000;

type CallRequest =
  "startCall" | "acceptCall" | "declineCall" | "cancelCall" | "endCall" | "watchStatus" | "unwatchStatus";

/** Requests to call a user, to answer or end a call, and to watch the statuses of users. */
export function callHandlers(parts: Pick<Telephony, "setup" | "teardown" | "statuses">): Pick<Handlers, CallRequest> {
  const { setup, teardown, statuses } = parts;
  return {
    startCall: ({ session, connection, data: { to, kind, ringOffline = false }, reply }) =>
      setup.start({ session, connection, to, kind, ringOffline }, reply),
    acceptCall: ({ session, data, reply }) =>
      setup.accept(session, data.callId, ({ callId, roomId }) => reply({ callId, roomId })),
    async declineCall({ session, data, reply }) {
      await teardown.decline(session, data.callId);
      reply({});
    },
    async cancelCall({ session, data, reply }) {
      await teardown.cancel(session, data.callId);
      reply({});
    },
    async endCall({ session, data, reply }) {
      await teardown.hangUp(session, data.callId);
      reply({});
    },
    watchStatus({ session, data, reply }) {
      session.replies.spend(data.userIds.length * BYTES_PER_STATUS);
      return statuses.watch(session, data.userIds, (shown) => reply({ statuses: shown }));
    },
    unwatchStatus({ session, data, reply }) {
      reply({ statuses: statuses.unwatch(session, data.userIds) });
    },
  };
}

/**
 * `join`, with a check for the rooms of calls: only the two users of a call may enter its room. When another node holds the
 * room, the session moves to that node.
 */
export function guardCallRooms({ rooms }: Pick<Telephony, "rooms">, join: Handler<"join">): Handler<"join"> {
  const enter = async (context: Context<"join">, checked: Promise<void>): Promise<void> => {
    const { session, connection, data } = context;
    await checked;
    session.assertOwnedBy(connection);
    try {
      await join(context);
    } catch (error) {
      if (!(error instanceof LastseenError) || error.code !== "redirect") throw error;
      if (!(await rooms.moveToRoom(session, connection, data.roomId))) throw error;
    }
  };
  return (context) => {
    const checked = rooms.assertMayEnter(context.session, context.data.roomId);
    return checked ? enter(context, checked) : join(context);
  };
}
