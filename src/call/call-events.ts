import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../session/bus.js";
import type { LifecycleEvents } from "../session/events.js";
import type { CallArrivals } from "./call-arrivals.js";
import type { CallDepartures } from "./call-departures.js";
import type { CallDoubts } from "./call-doubts.js";
import type { CallErrands } from "./call-errands.js";
import type { CallNews } from "./call-news.js";

/**
 * Brings to the calls what happens to the sessions here, and what the other nodes say.
 *
 * @returns the function that ends it
 */
export function followCalls(parts: {
  events: Emitter<LifecycleEvents>;
  bus: Bus;
  news: CallNews;
  arrivals: CallArrivals;
  departures: CallDepartures;
  doubts: CallDoubts;
  errands: CallErrands;
}): () => void {
  const { events, bus, news, arrivals, departures, doubts, errands } = parts;
  const releasers = [
    events.on("opened", ({ session }) => errands.run(arrivals.look(session))),
    events.on("resumed", ({ session }) => errands.run(arrivals.look(session))),
    events.on("adopted", ({ session }) => errands.run(arrivals.adopted(session))),
    events.on("transferred", ({ session }) => arrivals.moved(session)),
    events.on("left", ({ session, roomId, reason }) => errands.run(departures.roomLeft(session, roomId, reason))),
    events.on("ended", ({ session, reason }) => errands.run(departures.sessionEnded(session, reason))),
    events.on("cleaned", ({ session }) => errands.run(departures.deviceGone(session))),
    bus.on("message", ({ message }) => {
      if (message.type === "call") news.apply(message.news);
    }),
    bus.on("missed", () => errands.run(doubts.repair())),
  ];
  return () => {
    for (const release of releasers) release();
  };
}
