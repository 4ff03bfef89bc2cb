import { EventEmitter } from "node:events";
import type { ActiveSpeakerObserver, Producer } from "mediasoup/types";
import { expect, test } from "vitest";
import { ActiveSpeaker } from "../../../src/media/rtp/active-speaker.js";

function scene() {
  const observer = Object.assign(new EventEmitter(), { closed: false, addProducer: () => Promise.resolve() });
  const told: (string | null)[] = [];
  const speaker = new ActiveSpeaker(observer as unknown as ActiveSpeakerObserver, (sessionId) => told.push(sessionId));
  const producerOf = (sessionId: string) => {
    const state = { id: `mic of ${sessionId}`, appData: { sessionId }, closed: false, paused: false };
    return Object.assign(state, { observer: new EventEmitter() });
  };
  const add = async (sessionId: string) => {
    const producer = producerOf(sessionId);
    await speaker.add(producer as unknown as Producer);
    return { ...producer, speaks: () => observer.emit("dominantspeaker", { producer }), stop: producer };
  };
  return { observer, told, add };
}

test("the service tells once who is the loudest", async () => {
  const { told, add } = scene();
  const [ann, ben] = [await add("ann"), await add("ben")];
  ann.speaks();
  ann.speaks();
  ben.speaks();
  expect(told).toEqual(["ann", "ben"]);
});

test("nobody speaks any more when the speaker pauses or closes; others' pauses change nothing", async () => {
  const { told, add } = scene();
  const [ann, ben] = [await add("ann"), await add("ben")];
  ann.speaks();
  ben.observer.emit("pause");
  ann.observer.emit("pause");
  ben.speaks();
  ben.observer.emit("close");
  expect(told).toEqual(["ann", null, "ben", null]);
});

test("a report about a closed producer or a closing room is ignored", async () => {
  const { observer, told, add } = scene();
  const [ann, ben] = [await add("ann"), await add("ben")];
  ann.stop.closed = true;
  ann.speaks();
  ben.speaks();
  observer.closed = true;
  ben.observer.emit("close");
  expect(told).toEqual(["ben"]);
});
