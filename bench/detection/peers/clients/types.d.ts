/** What the witness of a room is told. `id` names a membership: who comes back as somebody new has another one. */
export type Told =
  /** Who is there, when the witness comes in, and when it comes in again. */
  | { event: "people"; people: readonly { id: string; name: string }[] }
  | { event: "joined"; id: string; name: string }
  | { event: "left" | "away" | "back"; id: string };

export interface Entry {
  /** The server, `http://host:port` or `ws://host:port` as its library wants it. */
  url: string;
  room: string;
  name: string;
  tell: (told: Told) => void;
  /** Outlives a reload. */
  storage: Map<string, string>;
}

/** Comes into a room with the system's own library, its own way to reconnect and its defaults. */
export type Enter = (entry: Entry) => Promise<{ leave: () => unknown }>;
