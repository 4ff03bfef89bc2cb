import { useCallback, useEffect, useRef, useState } from "react";

export interface ActionState {
  /** Whether an action has not ended yet. */
  readonly isPending: boolean;
  /** Why the last action failed; `undefined` after one that succeeded. */
  readonly error: unknown;
}

const IDLE: ActionState = { isPending: false, error: undefined };

/**
 * Runs actions of a component and knows how the newest one goes. `run` rejects as the action does not: a button needs no
 * `catch`, and shows `error`.
 */
export function useAction(): ActionState & { run: (action: () => Promise<unknown>) => Promise<boolean> } {
  const [state, setState] = useState(IDLE);
  const newest = useRef(0);
  useEffect(
    () => () => {
      newest.current += 1;
    },
    [],
  );
  const run = useCallback(async (action: () => Promise<unknown>) => {
    const number = ++newest.current;
    const set = (next: ActionState) => number === newest.current && setState(next);
    set({ isPending: true, error: undefined });
    try {
      await action();
      set(IDLE);
      return true;
    } catch (error) {
      set({ isPending: false, error });
      return false;
    }
  }, []);
  return { ...state, run };
}
