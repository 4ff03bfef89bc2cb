import type { CallSnapshot } from "@lastseen/client";
import { useMemo } from "react";
import { ClientView, type CallOver } from "./client-view.js";
import { useClient } from "./provider.js";
import { useAction, type ActionState } from "./use-action.js";
import { useStore } from "./use-store.js";

export interface CallHandle extends ActionState {
  /** The call that rings or goes on. When it is `active`, both sides join `call.roomId`. */
  readonly call: CallSnapshot | undefined;
  /** The call before, and why it is over; `undefined` while there is a call. */
  readonly over: CallOver | undefined;
  /** Calls a user, with `ringOffline` also one who is not connected. Resolves to `false` when that fails; `error` says why, such as `callee_busy`. */
  readonly start: (userId: string, kind: "audio" | "video", options?: { ringOffline?: boolean }) => Promise<boolean>;
  readonly accept: () => Promise<boolean>;
  readonly decline: () => Promise<boolean>;
  /** Hangs up, cancels or declines, as the state of the call asks for. */
  readonly end: () => Promise<boolean>;
}

/** The call with another user, one at a time. */
export function useCall(): CallHandle {
  const client = useClient();
  const { call, over } = useStore(ClientView.of(client).call);
  const { isPending, error, run } = useAction();
  return useMemo(
    () => ({
      call,
      over,
      isPending,
      error,
      start: (userId, kind, options) => run(() => client.calls.start(userId, kind, options)),
      accept: () => run(() => client.calls.accept()),
      decline: () => run(() => client.calls.decline()),
      end: () => run(() => client.calls.end()),
    }),
    [client, call, over, isPending, error, run],
  );
}
