/**
 * Cuts what is to be moved into slices, each of which is done in one turn of the event loop: whole rooms, because nobody
 * is to find half of one, and as many of them as make `most` items. What is in no room is taken one by one.
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
