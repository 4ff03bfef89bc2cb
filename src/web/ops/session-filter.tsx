import type { OpsStore } from "./store.js";

const STATES = ["present", "away", "ghost", "closing"];

/** Which sessions to list: by user, room and state. */
export function SessionFilter({ store }: { store: OpsStore }) {
  const { userId, roomId, state } = store.filter.value;
  return (
    <form class="filter" role="search" aria-label="Sessions to show" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span>User id</span>
        <input
          type="search"
          name="userId"
          placeholder="any"
          data-testid="filter-user"
          value={userId}
          onInput={({ currentTarget }) => store.narrow({ userId: currentTarget.value })}
        />
      </label>
      <label>
        <span>Room</span>
        <input
          type="search"
          name="roomId"
          placeholder="any"
          data-testid="filter-room"
          value={roomId}
          onInput={({ currentTarget }) => store.narrow({ roomId: currentTarget.value })}
        />
      </label>
      <label>
        <span>State</span>
        <select
          name="state"
          data-testid="filter-state"
          value={state}
          onInput={({ currentTarget }) => store.narrow({ state: currentTarget.value })}
        >
          {["", ...STATES].map((value) => (
            <option key={value} value={value}>
              {value || "any"}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
