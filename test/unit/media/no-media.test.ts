import { expect, test } from "vitest";
import { systemClock } from "../../../src/kernel/clock.js";
import { createMediaPlane, type MediaSettings } from "../../../src/media/create.js";

const SETTINGS: MediaSettings = { SFU_LISTEN_IP: "127.0.0.1", SFU_PORT: 0, SFU_WORKERS: 0 };
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

test("without workers rooms can be joined and left, and media requests are refused", async () => {
  const plane = await createMediaPlane(SETTINGS, {}, systemClock, SILENT);
  expect([plane.enabled, plane.available]).toEqual([false, false]);
  const session = await plane.join("room", "s");
  expect(session.routerRtpCapabilities).toBeNull();
  await expect(session.createTransport("send")).rejects.toMatchObject({ code: "media_unavailable" });
  await expect(session.consume({ producerId: "p", rtpCapabilities: {} })).rejects.toMatchObject({
    code: "media_unavailable",
  });
  expect(() => session.closeProducer("p")).toThrow(expect.objectContaining({ code: "not_found" }));
  session.close();
  await expect(session.createTransport("send")).rejects.toMatchObject({ code: "not_joined" });
  expect(await session.verifyClosed()).toEqual({ transports: [], producers: [], consumers: [] });
  expect(plane.counts()).toEqual({ workers: 0, router: 0, transport: 0, producer: 0, consumer: 0 });
  await plane.close();
});

test("the error says that the worker program could not be started", async () => {
  const settings = { ...SETTINGS, SFU_WORKERS: 1, MEDIASOUP_WORKER_BIN: "/nonexistent/mediasoup-worker" };
  await expect(createMediaPlane(settings, {}, systemClock, SILENT)).rejects.toThrow("could not be started");
});
