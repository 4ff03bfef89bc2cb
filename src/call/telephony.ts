/**
 * Calls between two users, and the statuses of users, on one node. The store (`ports/call-store.ts`) decides about every
 * call. This folder takes what comes in to the store, and then tells what the store has decided:
 *
 *     what comes in                              who takes it to the store        who tells what was decided
 *
 *     a client calls, or answers                 call-setup.ts ---------.
 *     a client hangs up; a ring times out        call-teardown.ts ------|         call-updates.ts
 *     a session begins, moves, leaves or ends    call-sessions.ts ------|            |-> known-calls.ts, this node's copy
 *     a client enters the room of a call         call-rooms.ts ---------+-> store ---|-> call-notices.ts, the clients here
 *     30 s have passed                           call-lease-renewer.ts -|            |-> lifecycle events: log, webhooks
 *     a message or an answer was lost            call-reconciler.ts ----'            `-> bus: call-updates.ts of other nodes
 *
 * A call may ring also while no device of the callee can be reached: offline-rings.ts tells those who can wake one (wakers.ts).
 * All of them ask the store by way of background-tasks.ts if it may have to be asked again. Users' statuses are read from
 * the store and the directory (presence.ts) and told to those who watch them (status-subscriptions.ts). Messages about a user come
 * to the nodes that follow the user (followed-users.ts). So each part follows first and reads then.
 *
 * Below: the parts, each made from parts that exist already; then where each event goes.
 */
import type { UserStatus } from "@lastseen/protocol";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { CallStore } from "../ports/call-store.js";
import type { Directory } from "../ports/directory.js";
import type { Blocks } from "../session/blocks.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { BackgroundTasks } from "./background-tasks.js";
import { CallLeaseRenewer } from "./call-lease-renewer.js";
import { CallReconciler } from "./call-reconciler.js";
import { CallRooms } from "./call-rooms.js";
import { CallSessions } from "./call-sessions.js";
import { CallSetup } from "./call-setup.js";
import { CallTeardown } from "./call-teardown.js";
import { CallUpdates } from "./call-updates.js";
import { FollowedUsers } from "./followed-users.js";
import { KnownCalls } from "./known-calls.js";
import { OfflineRings } from "./offline-rings.js";
import { Presence } from "./presence.js";
import { StatusSubscriptions } from "./status-subscriptions.js";
import { Wakers } from "./wakers.js";

export interface Telephony {
  readonly setup: CallSetup;
  readonly teardown: CallTeardown;
  readonly rooms: CallRooms;
  readonly sessions: CallSessions;
  readonly known: KnownCalls;
  readonly presence: Presence;
  readonly statuses: StatusSubscriptions;
  readonly wakers: Wakers;
  /** Call it after the sessions have ended: their calls end with them. The owner of the store closes the store later. */
  close(): Promise<void>;
}

export function createTelephony(ports: {
  clock: Clock;
  store: CallStore;
  directory: Directory;
  bus: Bus;
  registry: SessionRegistry;
  blocks: Pick<Blocks, "assertNone" | "find">;
  events: Emitter<LifecycleEvents>;
  /** How long a call rings that nobody answers. */
  ringTimeoutMs: number;
}): Telephony {
  const { clock, bus, events } = ports;
  const tasks = new BackgroundTasks({ clock, events });
  const presence = new Presence(ports);
  const followed = new FollowedUsers(bus);
  const known = new KnownCalls({ ...ports, presence, followed });
  const updates = new CallUpdates({ ...ports, presence, known });
  const leases = new CallLeaseRenewer({ ...ports, known, updates, tasks });
  const reconciler = new CallReconciler({ ...ports, known, updates, leases, tasks });
  const offlineRings = new OfflineRings({ clock, known, presence, events });
  const teardown = new CallTeardown({ ...ports, known, updates, reconciler, presence, offlineRings, tasks });
  const sessions = new CallSessions({ ...ports, known, updates, teardown, presence, followed, tasks });
  const wakers = new Wakers();
  const asks = { sessions, presence, wakers, offlineRings, tasks };
  const setup = new CallSetup({ ...ports, known, updates, reconciler, teardown, ...asks });
  const rooms = new CallRooms({ ...ports, known, tasks });
  const statuses = new StatusSubscriptions({
    clock,
    followed,
    read: (userId) => presence.statusOf(userId),
    seenBy: (session, userId, status) => known.statusSeenBy(session, userId, status),
  });

  const subscriptions = [
    // First of all: the other listeners wait until the user is followed.
    ...followUsers({ events, followed }),
    ...followCalls({ bus, events, known, tasks, sessions, teardown, updates, reconciler }),
    ...followOfflineRings({ bus, events, offlineRings, tasks }),
    ...followStatuses({ bus, events, presence, statuses }),
  ];
  leases.start();
  return {
    setup,
    teardown,
    rooms,
    sessions,
    known,
    presence,
    statuses,
    wakers,
    async close() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await leases.close();
      await tasks.close();
      known.clear();
      statuses.close();
    },
  };
}

/** Follows the users who have a session here. @returns functions that end the subscriptions */
function followUsers({
  events,
  followed,
}: {
  events: Emitter<LifecycleEvents>;
  followed: FollowedUsers;
}): (() => void)[] {
  return [
    events.on("opened", ({ session }) => followed.add(session.userId)),
    events.on("adopted", ({ session }) => followed.add(session.userId)),
    events.on("ended", ({ session }) => followed.remove(session.userId)),
  ];
}

/** @returns functions that end the subscriptions */
function followCalls(parts: {
  bus: Bus;
  events: Emitter<LifecycleEvents>;
  tasks: BackgroundTasks;
  sessions: CallSessions;
  teardown: CallTeardown;
  updates: CallUpdates;
  reconciler: CallReconciler;
  known: KnownCalls;
}): (() => void)[] {
  const { bus, events, known, tasks, sessions, teardown, updates, reconciler } = parts;
  return [
    events.on("opened", ({ session }) => tasks.run(sessions.began(session))),
    events.on("resumed", ({ session }) => tasks.run(sessions.began(session))),
    events.on("adopted", ({ session }) => tasks.run(sessions.adopted(session))),
    events.on("transferred", ({ session }) => sessions.transferred(session)),
    events.on("renamed", ({ session: { userId, name } }) => known.rename(userId, name)),
    events.on("left", ({ session, roomId, reason }) => tasks.run(sessions.leftRoom(session, roomId, reason))),
    events.on("ended", ({ session, reason }) => tasks.run(sessions.ended(session, reason))),
    events.on("cleaned", ({ session }) => tasks.run(sessions.cleaned(session))),
    events.on("call_rang_out", ({ callId }) => tasks.run(teardown.rangOut(callId))),
    bus.on("message", ({ message }) => {
      if (message.type === "call") updates.apply(message.news);
      const isNamed = message.type === "name" || message.type === "status";
      if (isNamed && message.name !== undefined) known.rename(message.userId, message.name);
    }),
    bus.on("missed", () => tasks.run(reconciler.reconcile())),
  ];
}

/** @returns functions that end the subscriptions */
function followOfflineRings(parts: {
  bus: Bus;
  events: Emitter<LifecycleEvents>;
  offlineRings: OfflineRings;
  tasks: BackgroundTasks;
}): (() => void)[] {
  const { bus, events, offlineRings, tasks } = parts;
  return [
    events.on("away", ({ session }) => tasks.run(offlineRings.away(session))),
    events.on("detached", ({ session }) => tasks.run(offlineRings.away(session))),
    bus.on("message", ({ message }) => {
      if (message.type === "call" && message.news.change === "ringing")
        tasks.run(offlineRings.begun(message.news.call));
    }),
  ];
}

/**
 * Other nodes are told about a user's status only when the user's first session here begins and when the directory has
 * removed the last one; what calls change, they learn from the updates of calls.
 *
 * @returns functions that end the subscriptions
 */
function followStatuses(parts: {
  bus: Bus;
  events: Emitter<LifecycleEvents>;
  presence: Presence;
  statuses: StatusSubscriptions;
}): (() => void)[] {
  const { bus, events, presence, statuses } = parts;
  // A resume or a transfer brings a new token, which may allow less than the one before.
  const tokenChanged = ({ session }: { session: Session }): void => {
    if (!session.identity.calls) statuses.forget(session);
  };
  const tell = (userId: string, status: UserStatus, named: { name?: string } = {}) =>
    bus.sendAbout([userId], { type: "status", userId, status, ...named });
  return [
    events.on("opened", ({ session: { userId, name } }) => {
      statuses.mayHaveChanged(userId);
      // Where the user gave no name, the id stands in: this is no newer name.
      if (presence.sessionsHere(userId).length === 1) tell(userId, "available", name === userId ? {} : { name });
    }),
    events.on("resumed", tokenChanged),
    events.on("transferred", tokenChanged),
    events.on("adopted", ({ session: { userId } }) => statuses.mayHaveChanged(userId)),
    events.on("ended", ({ session }) => {
      statuses.forget(session);
      statuses.mayHaveChanged(session.userId);
    }),
    events.on("cleaned", ({ session: { status, userId }, givenUp }) => {
      // The node that goes on with the session tells when the user's last session there ends.
      if (givenUp) return;
      if (status === "ended" && presence.sessionsHere(userId).length === 0) tell(userId, "offline");
    }),
    events.on("call_changed", ({ userIds }) => {
      for (const userId of userIds) statuses.mayHaveChanged(userId);
    }),
    bus.on("message", ({ message }) => {
      if (message.type === "status") statuses.mayHaveChanged(message.userId, message.status);
    }),
    bus.on("missed", () => void statuses.refreshAll()),
  ];
}
