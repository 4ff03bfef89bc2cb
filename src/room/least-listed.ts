/** When so few are left, or so few are in the list, as a share of the list's size, audience comes into the list. */
const SMALL_SHARE = 0.8;
const THIN_SHARE = 0.25;

/**
 * How many must be in the list of a room when participants have left: everybody when the room is small enough for that, and otherwise
 * some, so that nobody looks at an empty list. To fill it to the end each time would double the cost of a departure.
 */
export function leastListed(people: number, maxListed: number): number {
  return people <= SMALL_SHARE * maxListed ? people : Math.ceil(THIN_SHARE * maxListed);
}
