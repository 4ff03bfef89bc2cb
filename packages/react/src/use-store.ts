import { useSyncExternalStore } from "react";
import type { Store } from "./store.js";

/** The store's value, also while React renders on a server. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}
