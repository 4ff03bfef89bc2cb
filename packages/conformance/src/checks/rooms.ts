import { type Check, pause } from "../check.js";
import { ROOM } from "../scripted-service.js";

const CALL = "11111111-2222-4333-8444-555555555555";
const RING_MS = 20_000;

export const roomChecks: readonly Check[] = [
  {
    name: "roster of a pong",
    asks: "asks for the room when a pong has another version than its own",
    async run(stage) {
      const { service } = stage;
      const line = await stage.entered();
      if (service.session?.room) service.session.room.version = 9;
      await line.until(
        "send getRoom when `v` of a pong is not its own version",
        () => line.find("getRoom"),
        stage.patient(6_000),
      );
    },
  },
  {
    name: "roster of an event",
    asks: "asks for the room when an event skips a version",
    prepare(service) {
      service.intervalMs = 30_000;
    },
    async run(stage) {
      const { service } = stage;
      const line = await stage.entered();
      // The client has read the answer to its join by then.
      await pause(300);
      if (service.session?.room) service.session.room.version = 5;
      const user = { userId: "other", name: "Other", sessionId: "other-session" };
      line.event("user_left", { roomId: ROOM, version: 5, ...user, reason: "left", count: 1, participants: [] });
      await line.until("send getRoom when an event skips a version", () => line.find("getRoom"), stage.patient(4_000));
    },
  },
  {
    name: "unknown fields",
    asks: "ignores events and fields that it does not know",
    async run(stage) {
      const line = await stage.entered();
      line.raw({ type: "something_new", data: { of: "a later version" } });
      line.raw({ type: "pong", v: 1, something: ["new"] });
      line.raw({ type: "something_without_data" });
      const before = line.pingsAt.length;
      await line.until("ping on after an unknown event", () => line.pingsAt.length > before + 1, stage.patient(5_000));
      stage.assert(line.isOpen, "The client should keep its connection after an unknown event.");
    },
  },
  {
    name: "call",
    asks: "answers a call, joins its room, and leaves nothing to do when the service ends it",
    async run(stage) {
      const { service } = stage;
      const line = await stage.entered();
      const now = Date.now();
      line.event("incoming_call", {
        callId: CALL,
        roomId: `call-${CALL}`,
        from: { userId: "other", name: "Other" },
        kind: "audio",
        expiresAt: now + RING_MS,
        remainingMs: RING_MS,
      });
      const accepted = await line.until(
        "answer the call with acceptCall",
        () => line.find("acceptCall"),
        stage.patient(4_000),
      );
      stage.assert(accepted.data.callId === CALL, "acceptCall should name the call that rings.");
      await line.until(
        "join the call's room",
        () => service.session?.room?.id === `call-${CALL}`,
        stage.patient(5_000),
      );
      const leaves = line.all("leave").length;
      if (service.session) service.session.room = undefined;
      line.event("call_ended", { callId: CALL, reason: "hangup", durationMs: 1_000 });
      line.event("room_closed", { roomId: `call-${CALL}`, version: 2, reason: "call_ended" });
      const isLeaving = (): boolean => line.all("leave").length > leaves;
      await stage.never("leave a room that it is not in any more after call_ended", isLeaving, 1_000);
      stage.assert(line.isOpen, "The client should keep its connection when a call has ended.");
    },
  },
];
