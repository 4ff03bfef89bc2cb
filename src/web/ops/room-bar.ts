import { h, setAttributes, setText } from "../dom.js";
import { KeyedList } from "./keyed-list.js";
import type { RoomRow } from "./shapes.js";
import { plural } from "./words.js";

/** More rooms than these are found by typing their name. */
const MOST_SHOWN = 60;
const EVERY_ROOM = "";

/** The rooms, fullest first; choosing one shows its sessions. */
export class RoomBar {
  readonly element: HTMLElement;
  readonly #more = h("p", { class: "small" });
  readonly #list: KeyedList<{ id: string; words: string }>;
  #chosen = EVERY_ROOM;

  constructor(choose: (roomId: string) => void) {
    const chips = h("div", { class: "chips" });
    this.#list = new KeyedList(
      chips,
      ({ id }) => id,
      ({ id }) => {
        const count = h("span", { class: "chip-count" });
        const element = h("button", { type: "button", class: "chip" }, h("bdi", {}, id || "All"), count);
        element.addEventListener("click", () => choose(id));
        return {
          element,
          update: ({ words }) => {
            setText(count, words);
            setAttributes(element, { "aria-pressed": String(id === this.#chosen) });
          },
        };
      },
    );
    this.element = h(
      "section",
      { class: "panel", "aria-labelledby": "rooms-title" },
      h("h2", { id: "rooms-title" }, "Rooms"),
      chips,
      this.#more,
    );
  }

  /** @param chosen the room whose sessions are shown; empty: all */
  show(rooms: readonly RoomRow[], chosen: string): void {
    this.#chosen = chosen;
    const fullest = rooms.toSorted((a, b) => b.participants - a.participants || a.openedAt - b.openedAt);
    const shown = fullest.slice(0, MOST_SHOWN);
    this.#list.show([
      { id: EVERY_ROOM, words: plural(rooms.length, "room") },
      ...shown.map(({ id, participants }) => ({ id, words: String(participants) })),
    ]);
    const hidden = rooms.length - shown.length;
    setText(this.#more, hidden > 0 ? `and ${plural(hidden, "room")} more: type the name below.` : "");
  }
}
