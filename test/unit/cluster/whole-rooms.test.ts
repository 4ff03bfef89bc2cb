import { expect, test } from "vitest";
import { wholeRooms } from "../../../src/cluster/whole-rooms.js";

const roomOf = (item: string): string | undefined => item.split("-")[1];

test("a room is never divided, also when its members are not in sequence, and a slice ends with the room that fills it", () => {
  const items = ["a-1", "b-2", "c-1", "d-3", "e-2", "f-1"];
  expect(wholeRooms(items, roomOf, 3)).toEqual([
    ["a-1", "c-1", "f-1"],
    ["b-2", "e-2", "d-3"],
  ]);
  expect(wholeRooms(items, roomOf, 4)).toEqual([["a-1", "c-1", "f-1", "b-2", "e-2"], ["d-3"]]);
});

test("an item without a room counts as a room of its own", () => {
  expect(wholeRooms(["a", "b", "c", "d", "e"], roomOf, 2)).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  expect(wholeRooms([], roomOf, 2)).toEqual([]);
});
