import type { Logger } from "pino";
import type { Clock } from "../kernel/clock.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import { Loop } from "../kernel/loop.js";
import { History } from "../observability/history.js";
import type { Service } from "./service.js";

/** How often the history notes how many sessions and ghosts there are. */
const NOTE_INTERVAL_MS = 5_000;

/** Keeps the last hour of this node from now on. */
export function keepHistory(parts: { log: Logger; clock: Clock; service: Service; disposals: DisposalStack }): History {
  const { log, clock, service, disposals } = parts;
  const { lifecycle, registry, liveness } = service;
  const history = new History(clock);
  history.follow(lifecycle);
  const loop = new Loop({
    clock,
    intervalMs: NOTE_INTERVAL_MS,
    task: () => history.note({ sessions: registry.size, ghosts: liveness.overdue().sessions.length }),
    onError: (error) => log.error({ err: error }, "the history could not be written"),
  });
  loop.start();
  disposals.defer("history", () => loop.close());
  return history;
}
