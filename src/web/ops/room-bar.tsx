import type { OpsStore } from "./store.js";
import { plural } from "./words.js";

/** An operator finds further rooms by typing their name. */
const MOST_SHOWN = 60;
const EVERY_ROOM = "";

/** The rooms, those with the most sessions first; a click shows a room's sessions. */
export function RoomBar({ store }: { store: OpsStore }) {
  const rooms = store.snapshot.value?.rooms ?? [];
  const chosen = store.filter.value.roomId;
  const byFill = rooms.toSorted((a, b) => b.participants - a.participants || a.openedAt - b.openedAt);
  const chips = [
    { id: EVERY_ROOM, name: "All", count: plural(rooms.length, "room") },
    ...byFill.slice(0, MOST_SHOWN).map(({ id, participants }) => ({ id, name: id, count: String(participants) })),
  ];
  const hidden = Math.max(0, rooms.length - MOST_SHOWN);
  return (
    <section class="panel" aria-labelledby="rooms-title">
      <h2 id="rooms-title">Rooms</h2>
      <div class="chips">
        {chips.map(({ id, name, count }) => (
          <button
            key={id}
            type="button"
            class="chip"
            aria-pressed={id === chosen}
            onClick={() => store.narrow({ roomId: id })}
          >
            <bdi>{name}</bdi>
            <span class="chip-count">{count}</span>
          </button>
        ))}
      </div>
      <p class="small">{hidden > 0 && `and ${plural(hidden, "room")} more: type the name below.`}</p>
    </section>
  );
}
