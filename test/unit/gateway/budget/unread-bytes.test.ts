import { expect, test } from "vitest";
import { UnreadBytes, type Reader } from "../../../../src/gateway/budget/unread-bytes.js";

class FakeReader implements Reader {
  isCut = false;
  unread: number;

  constructor(unread: number) {
    this.unread = unread;
  }

  destroyUnread(): void {
    this.isCut = true;
    this.unread = 0;
  }
}

test("while the sum is within the limit, nobody is cut off", () => {
  const unread = new UnreadBytes(100);
  const readers = [new FakeReader(40), new FakeReader(60)];
  for (const reader of readers) unread.note(reader, reader.unread);
  expect(unread.total()).toBe(100);
  expect(readers.some(({ isCut }) => isCut)).toBe(false);
});

test("over the limit those with the most unread bytes go, until a quarter of it is free", () => {
  const unread = new UnreadBytes(100);
  const readers = [10, 30, 20, 50].map((bytes) => new FakeReader(bytes));
  for (const reader of readers) unread.note(reader, reader.unread);
  expect(readers.map(({ isCut }) => isCut)).toEqual([false, false, false, true]);
  expect(unread.total()).toBe(60);
});

test("who has read in the meantime is not cut off, and makes room for the others", () => {
  const unread = new UnreadBytes(100);
  const quick = new FakeReader(90);
  unread.note(quick, quick.unread);
  quick.unread = 0;
  const slow = new FakeReader(60);
  unread.note(slow, slow.unread);
  expect([quick.isCut, slow.isCut]).toEqual([false, false]);
  expect(unread.total()).toBe(60);
});

test("a socket that has ended counts no more", () => {
  const unread = new UnreadBytes(100);
  const reader = new FakeReader(90);
  unread.note(reader, 90);
  unread.forget(reader);
  unread.forget(reader);
  expect(unread.total()).toBe(0);
});
