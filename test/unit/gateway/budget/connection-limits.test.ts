import { expect, test } from "vitest";
import { ConnectionLimits, type Place } from "../../../../src/gateway/budget/connection-limits.js";

function enterMany(limits: ConnectionLimits, count: number, address: (n: number) => string) {
  const results = Array.from({ length: count }, (_none, n) => limits.enter(address(n)));
  return {
    places: results.filter((result): result is Place => typeof result === "object"),
    refused: results.filter((result) => typeof result === "string"),
  };
}

test("one address gets its share before hello, and all addresses together get theirs", () => {
  const limits = new ConnectionLimits({ connections: 2_000, perAddress: 500 });
  const one = enterMany(limits, 100, () => "10.0.0.1");
  expect(one.places).toHaveLength(50);
  expect(new Set(one.refused)).toEqual(new Set(["before_hello"]));
  const many = enterMany(limits, 2_000, (n) => `10.1.${n % 256}.${Math.floor(n / 256)}`);
  expect(many.places).toHaveLength(450);
  expect(new Set(many.refused)).toEqual(new Set(["before_hello"]));
});

test.each([20, 60, 100, 200])("on a node of %i connections one address cannot fill the share before hello", (most) => {
  const limits = new ConnectionLimits({ connections: most, perAddress: 500 });
  enterMany(limits, 2 * most, () => "10.0.0.1");
  expect(typeof limits.enter("10.0.0.2")).toBe("object");
});

test("who has said hello counts for the address and the node only", () => {
  const limits = new ConnectionLimits({ connections: 100, perAddress: 60 });
  const welcome = (address: string) => {
    const place = limits.enter(address);
    if (typeof place === "object") limits.saidHello(place);
    return place;
  };
  for (let n = 0; n < 60; n += 1) expect(typeof welcome("10.0.0.1")).toBe("object");
  expect(welcome("10.0.0.1")).toBe("address");
  for (let n = 0; n < 40; n += 1) expect(typeof welcome("10.0.0.2")).toBe("object");
  expect(welcome("10.0.0.3")).toBe("connections");
});

test("the addresses of one IPv6 network share their places", () => {
  const limits = new ConnectionLimits({ connections: 1_000, perAddress: 5 });
  expect(enterMany(limits, 10, (n) => `2001:db8::${n}`).places).toHaveLength(5);
});

test("a place that is given back is free again, and nothing is remembered of an address without sockets", () => {
  const limits = new ConnectionLimits({ connections: 1_000, perAddress: 2 });
  const { places } = enterMany(limits, 3, () => "10.0.0.1");
  const [first, second] = places;
  if (!first || !second) throw new Error("two must get in");
  limits.saidHello(first);
  limits.leave(first, true);
  limits.leave(second, false);
  expect(limits.addresses).toBe(0);
  expect(enterMany(limits, 3, () => "10.0.0.1").places).toHaveLength(2);
});
