import { describe, expect, test } from "vitest";
import { FollowedUsers } from "../../../src/call/followed-users.js";

/** A bus that answers when the test says so. */
function slowBus() {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  return {
    asked,
    answer: () => answers.splice(0).forEach((resolve) => resolve()),
    follow: (userId: string): Promise<void> => {
      asked.push(`+${userId}`);
      return new Promise((resolve) => answers.push(resolve));
    },
    unfollow: async (userId: string): Promise<void> => void asked.push(`-${userId}`),
  };
}

describe("the users that a node follows", () => {
  test("it follows a user from the first reason to the last", () => {
    const bus = slowBus();
    const followed = new FollowedUsers(bus);
    for (const userId of ["ada", "ada", "bob"]) followed.add(userId);
    followed.remove("ada");
    expect(bus.asked).toEqual(["+ada", "+bob"]);
    expect(followed.size).toBe(2);
    followed.remove("ada");
    followed.remove("nobody");
    followed.add("ada");
    expect(bus.asked).toEqual(["+ada", "+bob", "-ada", "+ada"]);
  });

  test("who reads about a user waits until the node hears of the user, also with the second reason", async () => {
    const bus = slowBus();
    const followed = new FollowedUsers(bus);
    const order: string[] = [];
    followed.add("ada");
    followed.add("ada");
    const reading = followed.heardOf("ada").then(() => order.push("read"));
    await followed.heardOf("nobody");
    order.push("answered");
    bus.answer();
    await reading;
    expect(order).toEqual(["answered", "read"]);
    await followed.heardOf("ada");
  });
});
