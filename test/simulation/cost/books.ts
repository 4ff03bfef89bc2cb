import { NoMedia } from "../../../src/media/no-media.js";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import type { Clock } from "../../../src/kernel/clock.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import { Reaper } from "../../../src/reaper/reaper.js";
import { departureSteps } from "../../../src/reaper/steps.js";
import { Sweeper, type SweeperEvents } from "../../../src/reaper/sweeper.js";
import { Registrar } from "../../../src/room/registrar.js";
import { Rooms } from "../../../src/room/rooms.js";
import type { LifecycleEvents } from "../../../src/session/events.js";
import { Liveness } from "../../../src/session/liveness.js";
import type { SessionConnection } from "../../../src/session/ports.js";
import { SessionRegistry } from "../../../src/session/registry.js";
import type { Session } from "../../../src/session/session.js";
import { Sessions } from "../../../src/session/sessions.js";
import { VirtualTime } from "../../../src/session/virtual-time.js";
import { POLICY, SETTINGS } from "../service/settings.js";

const ROOM_SIZE = 10;

/** Time that is moved by hand, for work that sets no timers. */
class HandClock implements Clock {
  #now = 0;

  mono(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  after(): { cancel(): void } {
    return { cancel() {} };
  }

  pollPhase(): Promise<void> {
    return Promise.resolve();
  }

  move(ms: number): void {
    this.#now += ms;
  }
}

/** Takes everything and keeps nothing; one object for each session, as a socket would be. */
class DeafConnection implements SessionConnection {
  send(): void {}
  sendEvent(): void {}
  demandPong(): void {}
  close(): void {}
}

/** The books of a node with many sessions, in rooms of ten, without sockets and media. */
export class Books {
  readonly registry = new SessionRegistry();
  readonly liveness: Liveness;
  readonly sweeper: Sweeper;
  readonly #clock = new HandClock();
  readonly #time = new VirtualTime(this.#clock, 2 * SETTINGS.watchMs);
  readonly #sessions: Sessions;
  readonly #rooms: Rooms;
  readonly #media = new NoMedia();

  constructor() {
    const failed = (error: unknown): never => {
      throw error;
    };
    const events = new Emitter<LifecycleEvents>(failed);
    const { registry } = this;
    const clock = this.#clock;
    const time = this.#time;
    const liveness = new Liveness({ clock, time, policy: POLICY, events });
    this.liveness = liveness;
    this.#sessions = new Sessions({ clock, time, registry, liveness, events });
    const rooms = new Rooms({
      clock,
      lastSeenAt: (session) => liveness.lastSeenAt(session),
      limits: { maxRooms: Infinity, maxRoomSize: ROOM_SIZE },
    });
    this.#rooms = rooms;
    const registrar = new Registrar({ directory: new MemoryDirectory(), rooms });
    const steps = departureSteps({ rooms, registrar, registry, liveness, events });
    const reaper = new Reaper({ clock, events, steps });
    const sweeps = new Emitter<SweeperEvents>(failed);
    this.sweeper = new Sweeper({ clock, time, registry, liveness, reaper, lifecycle: events, events: sweeps });
  }

  async open(count: number): Promise<Session[]> {
    const opened: Session[] = [];
    for (let index = 0; index < count; index++) {
      const identity = { userId: `user-${index}`, name: `User ${index}`, rooms: undefined, expiresAt: Infinity };
      const session = this.#sessions.open(identity, `tab-${index}`, new DeafConnection());
      const roomId = `room-${Math.floor(index / ROOM_SIZE)}`;
      this.#rooms.enter(roomId, session, await this.#media.join());
      opened.push(session);
    }
    return opened;
  }

  /** Lets time pass in the rhythm of the watch, without the watch. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += SETTINGS.watchMs) {
      this.#clock.move(SETTINGS.watchMs);
      this.#time.tick();
    }
  }
}
