import type { Logger } from "pino";
import { trustEverybody } from "../../../src/gateway/authenticate.js";
import { DisposalStack } from "../../../src/kernel/disposal-stack.js";
import { NoMedia } from "../../../src/media/no-media.js";
import { MemoryBus, MemoryHub } from "../../../src/memory/memory-bus.js";
import { MemoryBlocks } from "../../../src/memory/memory-blocks.js";
import { MemoryCalls } from "../../../src/memory/memory-calls.js";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import { WATCH_INTERVAL_MS } from "../../../src/composition/loops.js";
import { createCore } from "../../../src/composition/core.js";
import { createService, type Service } from "../../../src/composition/service.js";
import type { SessionConnection } from "../../../src/session/session-connection.js";
import type { Session } from "../../../src/session/session.js";
import { HandClock } from "../../support/hand-clock.js";
import { settingsOf } from "../service/settings.js";

const NODE = "cost";
const ROOM_SIZE = 10;

/** Ignores everything. Each session has its own object, as it would have its own socket. */
class DeafConnection implements SessionConnection {
  send(): void {}
  sendEvent(): void {}
  paceChanged(): void {}
  demandPong(): void {}
  close(): void {}
}

const ignore = (): void => {};
const QUIET = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore } as const;

/** A service with many sessions, in rooms of ten, without sockets and media. */
export class LoadedService {
  readonly service: Service;
  readonly #clock = new HandClock();
  readonly #media = new NoMedia();

  constructor() {
    const delivered = settingsOf(NODE, "transfer");
    const settings = { ...delivered, limits: { ...delivered.limits, maxRooms: Infinity } };
    const unexpected = (error: unknown): never => {
      throw error;
    };
    this.service = createService(
      settings,
      {
        clock: this.#clock,
        random: Math.random,
        directory: new MemoryDirectory(new MemoryStore(this.#clock), NODE),
        nodeName: undefined,
        bus: new MemoryBus(new MemoryHub(), NODE, unexpected),
        calls: new MemoryCalls(this.#clock),
        blocks: new MemoryBlocks(this.#clock),
        media: this.#media,
        authenticate: trustEverybody,
        cleanupSteps: [],
        journal: QUIET as unknown as Logger,
        log: QUIET,
        listenerFailed: unexpected,
        heartbeatGap: ignore,
        orphanClosed: ignore,
      },
      createCore(settings, this.#clock, unexpected),
      new DisposalStack(unexpected),
    );
  }

  async open(count: number): Promise<Session[]> {
    const { sessions, rooms } = this.service;
    const opened: Session[] = [];
    for (let index = 0; index < count; index++) {
      const identity = {
        userId: `user-${index}`,
        name: `User ${index}`,
        rooms: undefined,
        calls: true,
        expiresAt: Infinity,
      };
      const session = sessions.open(identity, `tab-${index}`, new DeafConnection());
      rooms.enter(`room-${Math.floor(index / ROOM_SIZE)}`, session, await this.#media.join());
      opened.push(session);
    }
    return opened;
  }

  /** Lets time pass in steps as long as those of the watch, but runs no watch. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += WATCH_INTERVAL_MS) {
      this.#clock.advance(WATCH_INTERVAL_MS);
      this.service.time.tick();
    }
  }
}
