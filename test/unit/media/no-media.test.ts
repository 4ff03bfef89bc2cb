import { expect, test } from "vitest";
import { systemClock } from "../../../src/kernel/clock.js";
import { NoMedia } from "../../../src/media/no-media.js";
import { createMediaPlane, type MediaSettings } from "../../../src/media/create.js";

const SETTINGS: MediaSettings = { SFU_LISTEN_IP: "127.0.0.1", SFU_PORT: 0, SFU_WORKERS: 0 };
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

test("without workers clients cannot make media", async () => {
  const plane = await createMediaPlane(SETTINGS, {}, systemClock, SILENT);
  expect(plane).toBeInstanceOf(NoMedia);
  expect((await plane.join("room", "s")).requests).toBeNull();
  await plane.close();
});

test("the error says that the worker program could not be started", async () => {
  const settings = { ...SETTINGS, SFU_WORKERS: 1, MEDIASOUP_WORKER_BIN: "/nonexistent/mediasoup-worker" };
  await expect(createMediaPlane(settings, {}, systemClock, SILENT)).rejects.toThrow("could not be started");
});
