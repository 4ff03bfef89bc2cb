import { describe, expect, test } from "vitest";
import type { Bus } from "../../src/ports/bus.js";
import type { NodeMessage } from "../../src/ports/node-messages.js";

/** A bus that several nodes share. At first no node uses it. */
export interface BusUnderTest {
  /** A node's access. Resolves when messages arrive there. A second call with the same name is a restarted node. */
  open(nodeId: string): Promise<Bus>;
  /** Waits until the condition holds. */
  until(holds: () => boolean): Promise<void>;
  /** Errors that listeners have thrown. */
  readonly errors: readonly unknown[];
}

const ask = (id: string): NodeMessage => ({ type: "ask", id, question: "who", data: { deep: [id] } });

/**
 * What every bus behind the {@link Bus} port must do.
 *
 * @param create makes a bus; it is closed when the test is finished
 */
export function busContract(name: string, create: () => BusUnderTest | Promise<BusUnderTest>): void {
  describe(`the bus in ${name}`, () => {
    /** A node, with all messages and gaps that its bus has reported. */
    async function node(shared: BusUnderTest, nodeId: string) {
      const bus = await shared.open(nodeId);
      const told: { from: string; message: NodeMessage }[] = [];
      const missed: string[] = [];
      bus.on("message", (event) => told.push(event));
      bus.on("missed", ({ from }) => missed.push(from));
      return { bus, told, missed };
    }

    test("a message to one node arrives there only, one to all arrives at every other node", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      const c = await node(shared, "c");
      a.bus.send({ nodeId: "b" }, ask("1"));
      a.bus.send({ nodeId: "nobody" }, ask("2"));
      a.bus.send("all", ask("3"));
      await shared.until(() => b.told.length === 2 && c.told.length === 1);
      c.bus.send("all", ask("4"));
      await shared.until(() => a.told.length === 1 && b.told.length === 3);
      expect(a.told).toEqual([{ from: "c", message: ask("4") }]);
      expect(b.told).toEqual([
        { from: "a", message: ask("1") },
        { from: "a", message: ask("3") },
        { from: "c", message: ask("4") },
      ]);
      expect(c.told).toEqual([{ from: "a", message: ask("3") }]);
    });

    test("a node never receives its own messages, also when it sends one to its own name", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      a.bus.send({ nodeId: "a" }, ask("1"));
      a.bus.send("all", ask("2"));
      await shared.until(() => b.told.length === 1);
      b.bus.send("all", ask("3"));
      await shared.until(() => a.told.length === 1);
      expect(a.told).toEqual([{ from: "b", message: ask("3") }]);
    });

    test("the messages of one sender arrive in the order in which it sent them", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      const all = Array.from({ length: 200 }, (_none, n) => ask(String(n)));
      all.forEach((message, n) => a.bus.send(n % 2 ? "all" : { nodeId: "b" }, message));
      await shared.until(() => b.told.length === all.length);
      expect(b.told.map(({ message }) => message)).toEqual(all);
      expect(b.missed).toEqual([]);
    });

    test("a message about users arrives once at each other node that follows one of them, and nowhere else", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      const c = await node(shared, "c");
      await Promise.all([a.bus.follow("ada"), b.bus.follow("ada"), b.bus.follow("Team bob"), c.bus.follow("Team bob")]);
      a.bus.sendAbout(["ada"], ask("1"));
      a.bus.sendAbout(["ada", "Team bob", "nobody"], ask("2"));
      a.bus.sendAbout(["nobody", "ad", "Team"], ask("3"));
      a.bus.send("all", ask("4"));
      await shared.until(() => b.told.length === 3 && c.told.length === 2);
      expect(b.told.map(({ message }) => message)).toEqual([ask("1"), ask("2"), ask("4")]);
      expect(c.told.map(({ message }) => message)).toEqual([ask("2"), ask("4")]);
      expect(a.told).toEqual([]);
      expect(a.bus.sent).toBe(1);
      expect([...a.missed, ...b.missed, ...c.missed]).toEqual([]);
    });

    test("a node hears of a user from the moment at which it follows, until it does not any more", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      a.bus.sendAbout(["ada"], ask("1"));
      await Promise.all([b.bus.follow("ada"), b.bus.follow("ada"), b.bus.follow("bob")]);
      a.bus.sendAbout(["ada"], ask("2"));
      const ids = () => b.told.map(({ message }) => message.type === "ask" && message.id);
      await shared.until(() => ids().includes("2"));
      await Promise.all([b.bus.unfollow("ada"), b.bus.unfollow("nobody")]);
      a.bus.sendAbout(["ada"], ask("3"));
      a.bus.sendAbout(["bob"], ask("4"));
      await shared.until(() => ids().includes("4"));
      await Promise.all([b.bus.unfollow("bob"), b.bus.follow("bob")]);
      a.bus.sendAbout(["bob"], ask("5"));
      await shared.until(() => ids().includes("5"));
      expect(ids()).toEqual(["2", "4", "5"]);
    });

    test("messages about users, to one node and to all arrive in the order in which a node sent them", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      await b.bus.follow("ada");
      const all = Array.from({ length: 200 }, (_none, n) => ask(String(n)));
      all.forEach((message, n) => {
        if (n % 3 === 0) a.bus.sendAbout(["ada"], message);
        else a.bus.send(n % 3 === 1 ? "all" : { nodeId: "b" }, message);
      });
      await shared.until(() => b.told.length === all.length);
      expect(b.told.map(({ message }) => message)).toEqual(all);
      expect(b.missed).toEqual([]);
    });

    test("a node that has started again follows nobody, and following is no error after closing", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const before = await node(shared, "b");
      await before.bus.follow("ada");
      await before.bus.close();
      const after = await node(shared, "b");
      await after.bus.follow("bob");
      a.bus.sendAbout(["bob"], ask("1"));
      await shared.until(() => after.told.length === 1);
      await expect(before.bus.unfollow("ada")).resolves.toBeUndefined();
    });

    test("the bus counts messages to all nodes, also when no other node exists, but not messages to one node", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      expect(a.bus.sent).toBe(0);
      a.bus.send("all", ask("1"));
      a.bus.send({ nodeId: "b" }, ask("2"));
      a.bus.send("all", ask("3"));
      expect(a.bus.sent).toBe(2);
    });

    test("the receiver gets a copy: the sender can change the message afterwards", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      const message = ask("1");
      a.bus.send("all", message);
      Object.assign(message, { id: "changed" });
      await shared.until(() => b.told.length === 1);
      expect(b.told[0]?.message).toEqual(ask("1"));
    });

    test("messages that a node sent earlier are reported as missed once: at the second comparison, not at the first", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      a.bus.send("all", ask("1"));
      const b = await node(shared, "b");
      b.bus.compare("a", 1, a.bus.sent);
      expect(b.missed).toEqual([]);
      b.bus.compare("a", 1, a.bus.sent);
      expect(b.missed).toEqual(["a"]);
      b.bus.compare("a", 1, a.bus.sent);
      expect(b.missed).toEqual(["a"]);
      a.bus.send("all", ask("2"));
      await shared.until(() => b.told.length === 1);
      for (const epoch of [1, 2]) b.bus.compare("a", epoch, a.bus.sent);
      expect(b.missed).toEqual(["a"]);
    });

    test("messages that a node sent earlier are reported as missed when its next message to all arrives", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      a.bus.send("all", ask("1"));
      const b = await node(shared, "b");
      a.bus.send({ nodeId: "b" }, ask("2"));
      await shared.until(() => b.told.length === 1);
      expect(b.missed).toEqual([]);
      a.bus.send("all", ask("3"));
      await shared.until(() => b.told.length === 2);
      expect(b.missed).toEqual(["a"]);
    });

    test("messages that have arrived are never reported as missed; the bus ignores an older lease and its own number", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      a.bus.send("all", ask("1"));
      await shared.until(() => b.told.length === 1);
      for (let time = 0; time < 3; time += 1) {
        b.bus.compare("a", 5, 1);
        b.bus.compare("a", 4, 100);
        b.bus.compare("b", 5, 100);
      }
      expect(b.missed).toEqual([]);
    });

    test("the bus reads a restarted node's messages from the first one on", async () => {
      const shared = await create();
      const before = await node(shared, "a");
      const b = await node(shared, "b");
      for (const id of ["1", "2", "3"]) before.bus.send("all", ask(id));
      await shared.until(() => b.told.length === 3);
      await before.bus.close();
      const after = await node(shared, "a");
      after.bus.send("all", ask("4"));
      await shared.until(() => b.told.length === 4);
      expect(after.bus.sent).toBe(1);
      expect(b.missed).toEqual([]);
    });

    test("a removed listener is not called any more, and a listener that throws does not stop the other listeners", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const bus = await shared.open("b");
      const heard: string[] = [];
      bus.on("message", () => {
        throw new Error("a listener failed");
      });
      const remove = bus.on("message", () => heard.push("removed"));
      bus.on("message", () => heard.push("last"));
      remove();
      a.bus.send("all", ask("1"));
      await shared.until(() => heard.length > 0);
      expect(heard).toEqual(["last"]);
      expect(shared.errors).toEqual([new Error("a listener failed")]);
    });

    test("after closing no message arrives, a second close does nothing, and the other nodes go on", async () => {
      const shared = await create();
      const a = await node(shared, "a");
      const b = await node(shared, "b");
      const c = await node(shared, "c");
      a.bus.send("all", ask("1"));
      await shared.until(() => b.told.length === 1 && c.told.length === 1);
      await b.bus.close();
      await expect(b.bus.close()).resolves.toBeUndefined();
      a.bus.send("all", ask("2"));
      a.bus.send({ nodeId: "b" }, ask("3"));
      await shared.until(() => c.told.length === 2);
      expect(b.told).toHaveLength(1);
    });
  });
}
