import { type Check, pause } from "../check.js";

/** So long that no heartbeat falls into a check that waits for another ping. */
const RARELY_MS = 30_000;
const SECOND = 1_000;

const gaps = (times: readonly number[]): number[] => times.slice(1).map((at, index) => at - (times[index] ?? at));

export const heartbeatChecks: readonly Check[] = [
  {
    name: "heartbeat",
    asks: "pings as often as the answer to hello says",
    async run(stage) {
      const line = await stage.entered();
      await line.until("ping five times", () => line.pingsAt.length >= 5, stage.patient(8_000));
      const longest = Math.max(...gaps(line.pingsAt));
      stage.assert(
        longest < stage.patient(2.5 * SECOND),
        `The client should ping every ${SECOND} ms (heartbeat.intervalMs); it was silent for ${Math.round(longest)} ms.`,
      );
      const spanMs = (line.pingsAt.at(-1) ?? 0) - (line.pingsAt[0] ?? 0);
      stage.assert(
        spanMs > 2 * SECOND,
        `The client should ping every ${SECOND} ms (heartbeat.intervalMs); it sent five pings in ${Math.round(spanMs)} ms.`,
      );
    },
  },
  {
    name: "watched heartbeat",
    asks: "pings every heartbeat.watchedIntervalMs while others are in its room",
    prepare(service) {
      service.intervalMs = RARELY_MS;
      service.watchedIntervalMs = SECOND;
      const now = Date.now();
      service.others.push({
        userId: "other",
        name: "Other",
        sessionId: "other-session",
        state: "present",
        joinedAt: now,
        lastSeenAt: now,
        metadata: {},
        producers: [],
      });
    },
    async run(stage) {
      const line = await stage.entered();
      await line.until("ping three times", () => line.pingsAt.length >= 3, stage.patient(6_000));
    },
  },
  {
    name: "probe",
    asks: "pings at once when the service sends a probe",
    prepare(service) {
      service.intervalMs = RARELY_MS;
    },
    async run(stage) {
      const line = await stage.entered();
      // A client may ping once when it has entered.
      await pause(300);
      const before = line.pingsAt.length;
      line.raw({ type: "probe" });
      await line.until("answer a probe with a ping", () => line.pingsAt.length > before, stage.patient(1_000));
    },
  },
  {
    name: "socket ping",
    asks: "answers the ping frames of WebSocket",
    async run(stage) {
      const line = await stage.entered();
      line.pingSocket();
      await line.until(
        "answer a ping frame of WebSocket with a pong frame",
        () => line.pongs > 0,
        stage.patient(1_000),
      );
    },
  },
  {
    name: "half-open line",
    asks: "opens a new connection when its pings get no answer",
    async run(stage) {
      const line = await stage.entered();
      await line.until("ping", () => line.pingsAt.length > 0, stage.patient(4_000));
      line.freeze();
      await stage.resumed(1, "when its ping got no answer for 8 s", 16_000);
    },
  },
];
