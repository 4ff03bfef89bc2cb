/** Handshakes and requests before hello that no client of the protocol sends cost little more than right ones. */
import { expect, test } from "vitest";
import { frame } from "../integration/gateway/raw-socket.js";
import { ServiceProcess } from "../support/service-process.js";
import { Attacker } from "./support/attacker.js";
import { cpuDuring, figure } from "./support/figures.js";
import { protocols } from "./support/protocols.js";

test("handshakes with as many subprotocols as fit cost little more than plain ones", async () => {
  const service = await ServiceProcess.start({ MAX_CONNECTIONS: "4000", MAX_CONNECTIONS_PER_ADDRESS: "4000" });
  const open = async (headers: Record<string, string>): Promise<void> => {
    for (let n = 0; n < 200; n += 1) (await Attacker.open(service.port, { headers })).destroy();
  };
  await open({});
  const plain = await cpuDuring(service, () => open({}));
  const loaded = await cpuDuring(service, () => open({ "sec-websocket-protocol": protocols(2_500) }));
  figure("200 handshakes with 2,500 subprotocols", {
    "processor time in ms": loaded,
    "in plain handshakes": loaded / plain,
  });
  expect(loaded / plain).toBeLessThan(10);
});

test("a stranger who only sends requests before hello is closed, and costs little", async () => {
  const service = await ServiceProcess.start();
  const honest = await Attacker.session(service.port, "honest", { roomId: "alone" });
  const usual = await cpuDuring(service, async () => {
    for (let n = 0; n < 100; n += 1) await honest.write(frame('{"id":"n","type":"getRoom"}'));
    await honest.settled();
  });
  const stranger = await Attacker.open(service.port);
  const work = await cpuDuring(service, () =>
    stranger.repeat(frame('{"id":"n","type":"join","data":{"roomId":"daily"}}'), 5_000),
  );
  // Closed with 4400; and ended at once, because it sends on.
  expect([4400, 1006]).toContain(await stranger.closed());
  figure("5,000 requests before hello", { "processor time in ms": work, "in 100 honest requests": work / usual });
  expect(work / usual).toBeLessThan(10);
});
