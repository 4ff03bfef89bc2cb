/** The sessions of one page of the answer, by room, with what narrows them down and what leads to the next page. */
import { h, setAttributes, setText } from "../dom.js";
import type { Query } from "./api.js";
import { KeyedList, type Row } from "./keyed-list.js";
import { SessionCard, type Moment, type SessionActions } from "./session-card.js";
import type { RoomRow, SessionPage, SessionRow, Settings } from "./shapes.js";
import { duration, plural } from "./words.js";

const PAGE_SIZE = 50;
const STATES = ["present", "away", "ghost", "closing"];
const NO_ROOM = "";

export interface ListActions extends SessionActions {
  closeRoom(roomId: string, participants: number): void;
}

interface Group {
  readonly roomId: string;
  /** Everybody in the room, on this page or not. */
  readonly participants: number | undefined;
  readonly nodeId: string | undefined;
  readonly sessions: readonly SessionRow[];
}

export class SessionList {
  readonly element: HTMLElement;
  readonly #user = h("input", { type: "search", name: "userId", placeholder: "any", testid: "filter-user" });
  readonly #room = h("input", { type: "search", name: "roomId", placeholder: "any", testid: "filter-room" });
  readonly #state = h(
    "select",
    { name: "state", testid: "filter-state" },
    option("", "any"),
    ...STATES.map((s) => option(s, s)),
  );
  readonly #back = h("button", { type: "button", class: "ghost small", testid: "page-back" }, "Back");
  readonly #next = h("button", { type: "button", class: "ghost small", testid: "page-next" }, "Next page");
  readonly #where = h("span", { class: "small", testid: "page-number" });
  readonly #empty = h("p", { class: "small", hidden: true, testid: "no-sessions" }, "No session is like this.");
  readonly #groups: KeyedList<Group>;
  readonly #changed: () => void;
  /** Where the pages begin that led here; the first begins nowhere. */
  #cursors: string[] = [];
  #following: string | null = null;

  /** @param changed called when another answer is wanted */
  constructor(settings: Settings, moment: () => Moment, actions: ListActions, changed: () => void) {
    this.#changed = changed;
    const groups = h("div", { class: "groups" });
    this.#groups = new KeyedList(
      groups,
      ({ roomId }) => roomId,
      ({ roomId }) => new GroupRow(roomId, settings, moment, actions),
    );
    const filter = h(
      "form",
      { class: "filter", role: "search", "aria-label": "Sessions to show" },
      label("User id", this.#user),
      label("Room", this.#room),
      label("State", this.#state),
    );
    filter.addEventListener("submit", (event) => event.preventDefault());
    filter.addEventListener("input", () => this.#turnTo([]));
    this.#back.addEventListener("click", () => this.#turnTo(this.#cursors.slice(0, -1)));
    this.#next.addEventListener("click", () => {
      if (this.#following !== null) this.#turnTo([...this.#cursors, this.#following]);
    });
    this.element = h(
      "section",
      { class: "panel", "aria-labelledby": "sessions-title" },
      h("h2", { id: "sessions-title" }, "Who is here"),
      filter,
      legend(settings),
      groups,
      this.#empty,
      h("nav", { class: "pages", "aria-label": "Pages" }, this.#back, this.#where, this.#next),
    );
  }

  get query(): Query {
    return {
      userId: this.#user.value.trim(),
      roomId: this.#room.value,
      state: this.#state.value,
      cursor: this.#cursors.at(-1),
      limit: PAGE_SIZE,
    };
  }

  showRoom(roomId: string): void {
    this.#room.value = roomId;
    this.#turnTo([]);
  }

  show({ sessions, cursor }: SessionPage, rooms: readonly RoomRow[]): void {
    this.#following = cursor;
    this.#groups.show(groupsOf(sessions, rooms));
    this.#empty.hidden = sessions.length > 0;
    this.#back.disabled = this.#cursors.length === 0;
    this.#next.disabled = cursor === null;
    setText(this.#where, `Page ${this.#cursors.length + 1}, ${plural(sessions.length, "session")}, oldest first`);
  }

  #turnTo(cursors: string[]): void {
    this.#cursors = cursors;
    this.#changed();
  }
}

class GroupRow implements Row<Group> {
  readonly element: HTMLElement;
  readonly #about = h("span", { class: "small" });
  readonly #sessions: KeyedList<SessionRow>;
  #participants = 0;

  constructor(roomId: string, settings: Settings, moment: () => Moment, actions: ListActions) {
    const inRoom = roomId !== NO_ROOM;
    const close = h("button", { type: "button", class: "ghost small danger-text", testid: "close-room" }, "Close room");
    setAttributes(close, { "aria-label": `Close the room ${roomId}` });
    close.addEventListener("click", () => actions.closeRoom(roomId, this.#participants));
    const list = h("ul", { class: "sessions" });
    this.#sessions = new KeyedList(
      list,
      ({ id }) => id,
      (session) => new SessionCard(session, settings, moment, actions),
    );
    this.element = h(
      "section",
      { class: "room-group", testid: "room", "data-room-id": roomId },
      h("header", {}, h("h3", {}, inRoom ? h("bdi", {}, roomId) : "In no room"), this.#about, inRoom && close),
      list,
    );
  }

  update({ participants, nodeId, sessions }: Group): void {
    this.#participants = participants ?? sessions.length;
    const node = nodeId === undefined ? "" : ` on node ${nodeId}`;
    const shown = sessions.length === this.#participants ? "" : `, ${sessions.length} shown`;
    setText(this.#about, `${plural(this.#participants, "session")}${shown}${node}`);
    this.#sessions.show(sessions);
  }
}

function groupsOf(sessions: readonly SessionRow[], rooms: readonly RoomRow[]): Group[] {
  const byRoom = new Map<string, SessionRow[]>();
  for (const session of sessions) {
    const roomId = session.roomId ?? NO_ROOM;
    byRoom.set(roomId, [...(byRoom.get(roomId) ?? []), session]);
  }
  const known = new Map(rooms.map((room) => [room.id, room]));
  return [...byRoom]
    .map(([roomId, inRoom]) => {
      const room = known.get(roomId);
      return { roomId, participants: room?.participants, nodeId: room?.nodeId, sessions: inRoom };
    })
    .sort((a, b) => Number(a.roomId === NO_ROOM) - Number(b.roomId === NO_ROOM) || (a.roomId < b.roomId ? -1 : 1));
}

function legend({ heartbeatIntervalMs, awayAfterMs, idleTimeoutMs, sweepIntervalMs }: Settings): HTMLElement {
  return h(
    "details",
    { class: "small legend" },
    h("summary", {}, "What the bars mean"),
    `A bar grows with the time since the last message. Thin lines: the next heartbeat is due (${duration(heartbeatIntervalMs)}), `,
    `away (${duration(awayAfterMs)}). Full: idle (${duration(idleTimeoutMs)}), removed by the next sweep `,
    `(each ${duration(sweepIntervalMs)}). A strong line: a ghost from there on, if its client does not come back.`,
  );
}

function label(words: string, control: HTMLElement): HTMLElement {
  return h("label", {}, h("span", {}, words), control);
}

function option(value: string, words: string): HTMLElement {
  return h("option", { value }, words);
}
