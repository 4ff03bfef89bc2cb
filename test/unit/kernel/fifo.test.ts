import { expect, test } from "vitest";
import { Fifo } from "../../../src/kernel/fifo.js";
import { OrderedSet } from "../../../src/kernel/ordered-set.js";
import { Random } from "../../support/random.js";

test("a queue gives its items in the order in which they came", () => {
  const [queue, model, random]: [Fifo<number>, number[], Random] = [new Fifo(), [], new Random(1)];
  for (let n = 0; n < 20_000; n += 1) {
    const chance = random.next();
    if (chance < 0.55) {
      queue.push(n);
      model.push(n);
    } else if (chance < 0.95) {
      expect(queue.shift()).toBe(model.shift());
    } else {
      const most = random.below(40);
      expect(queue.take(most)).toEqual(model.splice(0, most));
    }
    expect([queue.size, queue.first]).toEqual([model.length, model[0]]);
  }
  expect([...queue]).toEqual(model);
  queue.replace([1, 2]);
  expect([...queue, queue.size]).toEqual([1, 2, 2]);
});

test("an ordered set knows its first item after any item was removed", () => {
  const [set, model, random]: [OrderedSet<number>, number[], Random] = [new OrderedSet(), [], new Random(2)];
  for (let n = 0; n < 5_000; n += 1) {
    const item = random.below(100);
    if (random.next() < 0.5) {
      set.add(item);
      if (!model.includes(item)) model.push(item);
    } else {
      expect(set.delete(item)).toBe(model.includes(item));
      if (model.includes(item)) model.splice(model.indexOf(item), 1);
    }
    expect([set.size, set.first, ...set]).toEqual([model.length, model[0], ...model]);
  }
  set.clear();
  expect([set.size, set.first, ...set]).toEqual([0, undefined]);
});
