import * as mediasoup from "mediasoup";
import { describe, expect, onTestFinished, test } from "vitest";
import { WatchedMedia } from "../../../packages/agent/src/watched-media.js";
import { systemClock } from "../../../src/kernel/clock.js";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { makeRouter, makeTransport, startWorker } from "../plugin/application.js";

const nothing = (): void => {};
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

describe.skipIf(noMediaReason)(needsMedia("The media that an agent watches"), () => {
  test("of a session that the service has closed is forgotten, also when the worker confirms it after the report", async () => {
    const media: WatchedMedia = new WatchedMedia({
      clock: systemClock,
      logger,
      source: mediasoup.observer,
      // The service gets each report at once.
      onChanged: (sessionId) => setImmediate(() => media.reported(sessionId)),
    });
    onTestFinished(() => media.close());
    const router = await makeRouter(await startWorker());
    const transport = await makeTransport(router, { sessionId: "left the room" });
    await makeTransport(router, { sessionId: "has ended" });
    expect(media.sessionIds()).toEqual(["left the room", "has ended"]);
    const left = await Promise.all([
      media.closeSession("left the room", [transport.id]),
      media.closeSession("has ended", undefined),
    ]);
    expect(left).toEqual([0, 1].map(() => ({ transports: [], producers: [], consumers: [] })));
    expect(media.sessionIds()).toEqual([]);
  });
});
