import { Emitter } from "../../src/kernel/emitter.js";
import { MemoryDirectory } from "../../src/memory/memory-directory.js";
import { NoMedia } from "../../src/media/no-media.js";
import { Admission } from "../../src/room/admission.js";
import { Reaper } from "../../src/reaper/reaper.js";
import { departureSteps } from "../../src/reaper/steps.js";
import { Sweeper, type SweeperEvents } from "../../src/reaper/sweeper.js";
import { Registrar } from "../../src/room/registrar.js";
import { Rooms } from "../../src/room/rooms.js";
import type { CloseName } from "../../src/protocol/close-codes.js";
import type { CleanupStep } from "../../src/reaper/cleanup.js";
import type { LifecycleEvents } from "../../src/session/events.js";
import { Liveness } from "../../src/session/liveness.js";
import type { Directory, MediaPlane, SessionConnection } from "../../src/session/ports.js";
import { SessionRegistry } from "../../src/session/registry.js";
import type { Session } from "../../src/session/session.js";
import { Sessions } from "../../src/session/sessions.js";
import type { LivenessPolicy } from "../../src/session/verdict.js";
import { VirtualTime } from "../../src/session/virtual-time.js";
import { ManualClock } from "./manual-clock.js";

export const POLICY: LivenessPolicy = {
  awayAfterMs: 45_000,
  idleTimeoutMs: 120_000,
  resumeGraceMs: 20_000,
  reloadGraceMs: 5_000,
  announceAfterMs: 1_000,
  mediaLostGraceMs: 10_000,
  probeAnswerMs: 10_000,
  pageStoppedAfterMs: 30_000,
};

/** Remembers what it was asked to do. */
export class RecordingConnection implements SessionConnection {
  readonly frames: { type?: string; data?: Record<string, unknown> }[] = [];
  closedAs: CloseName | undefined;
  demanded = 0;

  send(frame: string): void {
    this.frames.push(JSON.parse(frame) as { type?: string });
  }

  sendEvent(type: string, data: object): void {
    this.send(JSON.stringify({ type, data }));
  }

  demandPong(): void {
    this.demanded += 1;
  }

  close(name: CloseName): void {
    this.closedAs ??= name;
  }

  types(): (string | undefined)[] {
    return this.frames.map(({ type }) => type);
  }
}

/** The domain with real parts and a clock that is moved by hand: sessions, liveness, rooms, reaper, sweeper. */
export class World {
  readonly clock = new ManualClock();
  readonly time = new VirtualTime(this.clock, 500);
  readonly log: { step: string; userId: string; why?: string }[] = [];
  readonly errors: unknown[] = [];
  readonly events = new Emitter<LifecycleEvents>((error) => this.errors.push(error));
  readonly sweeps = new Emitter<SweeperEvents>((error) => this.errors.push(error));
  readonly registry = new SessionRegistry();
  readonly liveness = new Liveness({ clock: this.clock, time: this.time, policy: POLICY, events: this.events });
  readonly sessions = new Sessions({
    clock: this.clock,
    time: this.time,
    registry: this.registry,
    liveness: this.liveness,
    events: this.events,
  });
  readonly directory: Directory;
  readonly media: MediaPlane;
  readonly rooms = new Rooms({
    clock: this.clock,
    lastSeenAt: (session) => this.liveness.lastSeenAt(session),
    limits: { maxRooms: 1_000, maxRoomSize: 100 },
  });
  readonly reaper: Reaper;
  readonly sweeper: Sweeper;
  readonly admission: Admission;

  /** @param options `extraSteps`: further steps of every cleanup, after the real ones */
  constructor(options: { extraSteps?: readonly CleanupStep[]; directory?: Directory; media?: MediaPlane } = {}) {
    this.directory = options.directory ?? new MemoryDirectory();
    this.media = options.media ?? new NoMedia();
    const { clock, time, registry, liveness, rooms, directory, media, sessions, events } = this;
    const registrar = new Registrar({ directory, rooms });
    const steps = [...departureSteps({ rooms, registrar, registry, liveness, events }), ...(options.extraSteps ?? [])];
    this.reaper = new Reaper({ clock, events, steps });
    this.admission = new Admission({
      rooms,
      media,
      registrar,
      sessions,
      events,
      policy: "transfer",
      end: (session, departure) => this.reaper.end(session, departure),
    });
    this.sweeper = new Sweeper({
      clock,
      time,
      registry,
      liveness,
      reaper: this.reaper,
      lifecycle: events,
      events: this.sweeps,
    });
    events.on("away", ({ session, cause }) => {
      this.#note("away", session, cause);
      rooms.showAway(session, cause);
    });
    events.on("back", ({ session, cause }) => {
      this.#note("back", session, cause);
      rooms.showBack(session, cause);
    });
    events.on("left", ({ session, reason }) => this.#note("left", session, reason));
    events.on("ended", ({ session, reason }) => this.#note("ended", session, reason));
    events.on("cleaned", ({ session, result }) => this.#note("cleaned", session, result));
  }

  async open(userId: string, roomId?: string): Promise<{ session: Session; connection: RecordingConnection }> {
    const connection = new RecordingConnection();
    const identity = { userId, name: userId, rooms: undefined, expiresAt: Infinity };
    const session = this.sessions.open(identity, `tab-${userId}`, connection);
    if (roomId !== undefined) this.rooms.enter(roomId, session, await this.media.join(roomId, session.id));
    return { session, connection };
  }

  /** Lets time pass in rhythm: a watch every 250 ms, a sweep every 30 s, and whatever `each` does before each watch. */
  async run(ms: number, each: () => void = () => undefined): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      await this.clock.advance(250);
      each();
      await this.sweeper.watch();
      if (Math.floor(this.clock.mono() / 30_000) > Math.floor((this.clock.mono() - 250) / 30_000)) {
        await this.sweeper.sweep();
      }
      await this.clock.advance(0);
    }
  }

  steps(userId: string): string[] {
    return this.log.filter((entry) => entry.userId === userId).map(({ step, why }) => `${step}: ${why}`);
  }

  #note(step: string, session: Session, why: string): void {
    this.log.push({ step, userId: session.userId, why });
  }
}
