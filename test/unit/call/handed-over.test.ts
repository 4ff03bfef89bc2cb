/** What other nodes are told when a session goes on on another node. */
import { expect, test } from "vitest";
import type { NodeMessage } from "../../../src/ports/node-messages.js";
import { Random } from "../../support/random.js";
import { CallWorld } from "./call-world.js";

test("a node that hands a session over tells nobody that the user is offline; the node that has it then tells it at the end", async () => {
  const world = await CallWorld.create(3, new Random(1));
  const [first, heir, far] = [world.node(0), world.node(1), world.node(2)];
  const ada = await first.open("ada");
  const eve = await far.open("eve");
  await world.settle();
  await far.telephony.statuses.watch(eve.session, ["ada"], () => undefined);
  const heard: NodeMessage[] = [];
  far.bus.on("message", ({ message }) => void heard.push(message));

  const moved = await heir.adopt(ada);
  first.giveUp(ada);
  await world.settle();
  expect(heard).toEqual([]);
  expect(eve.client.statuses).toEqual([]);

  heir.end(moved);
  await world.settle();
  expect(heard).toEqual([{ type: "status", userId: "ada", status: "offline" }]);
  expect(eve.client.statuses).toEqual([{ userId: "ada", status: "offline" }]);
  await world.close();
});
