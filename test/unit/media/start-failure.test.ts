import { expect, test } from "vitest";
import { StartError } from "../../../src/kernel/start-error.js";
import { startFailure } from "../../../src/media/workers/start-failure.js";

const SETTINGS = { port: 44_444, workers: 2, listenIp: "127.0.0.1", workerBin: "/opt/worker" };

test.each([
  [
    "uv_udp_bind() failed [protocol:udp, ip:'127.0.0.1', port:44445]: address already in use",
    "SFU_PORT 44444: 2 workers need 44444 to 44445, and 44445 (udp) on 127.0.0.1 is taken",
  ],
  [
    "uv_udp_bind() failed [protocol:udp, ip:'203.0.113.9', port:44445]: address not available",
    "SFU_LISTEN_IP 127.0.0.1 is no address of this machine",
  ],
  ["spawn /opt/worker ENOEXEC", "the media worker /opt/worker could not be started: spawn /opt/worker ENOEXEC"],
  ["[pid:7, code:1, signal:null]", "the media worker /opt/worker could not be started: [pid:7, code:1, signal:null]"],
])("what mediasoup says is told by its setting: %s", (said, message) => {
  const failure = startFailure(new Error(said), SETTINGS, 1);
  expect(failure).toBeInstanceOf(StartError);
  expect(failure.message).toBe(message);
});

test("an unknown failure keeps its message and its stack", () => {
  const cause = new TypeError("something else");
  const failure = startFailure(cause, SETTINGS, 0);
  expect(failure).not.toBeInstanceOf(StartError);
  expect(failure.message).toBe("a media worker could not be started: something else");
  expect(failure.cause).toBe(cause);
});
