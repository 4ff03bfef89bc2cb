import type { OpsStore } from "./store.js";

const STATES = [
  { value: "", words: "any" },
  { value: "present", words: "present" },
  { value: "away", words: "away" },
  { value: "ghost", words: "ghost" },
  { value: "closing", words: "closing" },
  { value: "ended", words: "ended in the last 15 min" },
];

/** Which sessions to list: by a part of the user or the name, by room, and by state. */
export function SessionFilter({ store }: { store: OpsStore }) {
  const { search, roomId, state } = store.filter.value;
  return (
    <form class="filter" role="search" aria-label="Sessions to show" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span>User or name</span>
        <input
          type="search"
          name="search"
          placeholder="any"
          data-testid="filter-user"
          value={search}
          onInput={({ currentTarget }) => store.narrow({ search: currentTarget.value })}
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
          {STATES.map(({ value, words }) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
