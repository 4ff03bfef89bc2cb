import type { BackendEvent } from "@lastseen/protocol";

type Told = Pick<BackendEvent, "type" | "at" | "nodeId" | "sequence" | "roomId" | "userId" | "sessionId" | "epoch">;
type State = "present" | "away" | "gone";

/** The last event about a session or room: who told it, when, and what orders it among the others. */
export interface Version {
  readonly nodeId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly epoch: number;
  readonly sequence: number;
}

interface Row extends Version {
  readonly userId: string | null;
  readonly state: State;
  readonly roomId: string | null;
}

interface RoomRow extends Version {
  readonly isOpen: boolean;
}

const STATES: Readonly<Partial<Record<Told["type"], State>>> = {
  joined: "present",
  session_adopted: "present",
  back: "present",
  away: "away",
  left: "gone",
  session_ended: "gone",
};

const OPEN: Readonly<Partial<Record<Told["type"], boolean>>> = {
  room_opened: true,
  room_adopted: true,
  room_closed: false,
};

/** A backend's tables of participants and of rooms, kept with the statements of docs/webhooks.md. */
export class BackendTable {
  readonly #rows = new Map<string, Row>();
  readonly #rooms = new Map<string, RoomRow>();

  take(event: Told): void {
    this.#takeRoom(event);
    const { type, userId, sessionId, roomId, epoch } = event;
    const state = STATES[type];
    if (!state || sessionId === null || epoch === null) return;
    const before = this.#rows.get(sessionId);
    if (!isNewer(event, epoch, before)) return;
    this.#rows.set(sessionId, {
      ...versionOf(event, epoch),
      userId,
      state: roomId === null ? "gone" : state,
      roomId: roomId ?? before?.roomId ?? null,
    });
  }

  /**
   * Compares the tables with the sessions that are in rooms.
   *
   * @param there the room of each, by session id
   * @param isDoubtful whether later events of that node can be lost, so that docs/webhooks.md tells the backend to compare
   * @returns what differs, in words
   */
  differences(there: ReadonlyMap<string, string>, isDoubtful: (last: Version) => boolean = () => false): string[] {
    const missing = [...there].filter(([sessionId, roomId]) => {
      const row = this.#rows.get(sessionId);
      return !row || row.state === "gone" || row.roomId !== roomId;
    });
    const tooMany = [...this.#rows].filter(
      ([sessionId, row]) => row.state !== "gone" && !there.has(sessionId) && !isDoubtful(row),
    );
    const open = new Set(there.values());
    const unknown = [...open].filter((roomId) => !this.#rooms.get(roomId)?.isOpen);
    const empty = [...this.#rooms].filter(([roomId, row]) => row.isOpen && !open.has(roomId) && !isDoubtful(row));
    return [
      ...missing.map(([sessionId]) => `${this.#nameOf(sessionId)} is not in its room`),
      ...tooMany.map(([sessionId]) => `${this.#nameOf(sessionId)} is still there`),
      ...unknown.map((roomId) => `${roomId} is not open (${versionText(this.#rooms.get(roomId))})`),
      ...empty.map(([roomId, row]) => `${roomId} is still open (${versionText(row)})`),
    ];
  }

  #takeRoom(event: Told): void {
    const { type, roomId, epoch } = event;
    const isOpen = OPEN[type];
    if (isOpen === undefined || roomId === null || epoch === null) return;
    if (isNewer(event, epoch, this.#rooms.get(roomId))) this.#rooms.set(roomId, { ...versionOf(event, epoch), isOpen });
  }

  #nameOf(sessionId: string): string {
    const row = this.#rows.get(sessionId);
    return `${row?.userId}/${sessionId.slice(0, 4)} (${versionText(row)})`;
  }
}

function isNewer({ sequence }: Told, epoch: number, before: Version | undefined): boolean {
  if (!before) return true;
  return epoch > before.epoch || (epoch === before.epoch && sequence > before.sequence);
}

function versionOf({ nodeId, at, sequence }: Told, epoch: number): Version {
  return { nodeId, at, epoch, sequence };
}

function versionText(row: Version | undefined): string {
  if (!row) return "never told";
  return `${row.nodeId}, epoch ${row.epoch}, sequence ${row.sequence}, at ${new Date(row.at).toISOString()}`;
}
