import type { Participant } from "@lastseen/client";
import { ClientView } from "./client-view.js";
import { useClient } from "./provider.js";
import { useStore } from "./use-store.js";

export const NOBODY: readonly Participant[] = [];

/** Everybody in the room, with this user; nobody without a room. A new list after every change. */
export function useParticipants(): readonly Participant[] {
  return useStore(ClientView.of(useClient()).room)?.participants ?? NOBODY;
}

/** This session among the participants; `undefined` without a room. */
export function useSelf(): Participant | undefined {
  const view = ClientView.of(useClient());
  const { session } = useStore(view.connection);
  return useStore(view.room)?.participants.find(({ sessionId }) => sessionId === session?.sessionId);
}
