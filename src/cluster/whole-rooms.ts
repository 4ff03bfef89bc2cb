/**
 * Divides items into slices. The caller moves one slice in one turn of the event loop. A room is never divided, because
 * clients must not see a part of it. An item without a room counts as a room of its own.
 *
 * @param most a slice ends with the room with which it has at least this many items
 */
export function wholeRooms<T>(
  items: readonly T[],
  roomOf: (item: T) => string | undefined,
  most: number,
): readonly (readonly T[])[] {
  const rooms = new Map<string | T, T[]>();
  for (const item of items) {
    const room = roomOf(item) ?? item;
    const members = rooms.get(room);
    if (members) members.push(item);
    else rooms.set(room, [item]);
  }
  const slices: T[][] = [];
  for (const members of rooms.values()) {
    const slice = slices.at(-1);
    if (slice && slice.length < most) slice.push(...members);
    else slices.push([...members]);
  }
  return slices;
}
