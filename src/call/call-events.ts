import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { LifecycleEvents } from "../session/events.js";
import type { CallArrivals } from "./call-arrivals.js";
import type { CallDepartures } from "./call-departures.js";
import type { CallReconciler } from "./call-reconciler.js";
import type { BackgroundTasks } from "./background-tasks.js";
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
  reconciler: CallReconciler;
  tasks: BackgroundTasks;
}): () => void {
  const { events, bus, news, arrivals, departures, reconciler, tasks } = parts;
  const releasers = [
    events.on("opened", ({ session }) => tasks.run(arrivals.look(session))),
    events.on("resumed", ({ session }) => tasks.run(arrivals.look(session))),
    events.on("adopted", ({ session }) => tasks.run(arrivals.adopted(session))),
    events.on("transferred", ({ session }) => arrivals.moved(session)),
    events.on("left", ({ session, roomId, reason }) => tasks.run(departures.roomLeft(session, roomId, reason))),
    events.on("ended", ({ session, reason }) => tasks.run(departures.sessionEnded(session, reason))),
    events.on("cleaned", ({ session }) => tasks.run(departures.deviceGone(session))),
    bus.on("message", ({ message }) => {
      if (message.type === "call") news.apply(message.news);
    }),
    bus.on("missed", () => tasks.run(reconciler.repair())),
  ];
  return () => {
    for (const release of releasers) release();
  };
}
