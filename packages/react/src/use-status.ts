import type { UserStatus } from "@lastseen/client";
import { useEffect, useMemo } from "react";
import { ClientView } from "./client-view.js";
import { useClient } from "./provider.js";
import { useStore } from "./use-store.js";

/** Whether a user is `available`, `busy` or `offline`; `undefined` until the service has answered. */
export function useStatus(userId: string): UserStatus | undefined;
/** The statuses of these users, as far as the service has told them. */
export function useStatus(userIds: readonly string[]): ReadonlyMap<string, UserStatus>;
export function useStatus(
  wanted: string | readonly string[],
): UserStatus | undefined | ReadonlyMap<string, UserStatus> {
  const view = ClientView.of(useClient());
  // A page may give a new list with the same users in each render.
  const key = JSON.stringify(typeof wanted === "string" ? [wanted] : wanted);
  useEffect(() => view.statusWishes.add(JSON.parse(key) as string[]), [view, key]);
  const statuses = useStore(view.statuses);
  // Other components may watch other users.
  const ofWanted = useMemo(() => {
    const userIds = new Set(JSON.parse(key) as string[]);
    return new Map([...statuses].filter(([userId]) => userIds.has(userId)));
  }, [statuses, key]);
  return typeof wanted === "string" ? statuses.get(wanted) : ofWanted;
}
