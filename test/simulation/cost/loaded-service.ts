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
import type { Session } from "../../../src/session/session.js";
import type { SocketWatch } from "../../../src/gateway/socket-watch.js";
import { HandClock } from "../../support/hand-clock.js";
import { settingsOf } from "../service/settings.js";
import { DeafConnection } from "./deaf-connection.js";

const NODE = "cost";
const ROOM_SIZE = 10;

const ignore = (): void => {};
const QUIET = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore } as const;

/** A service with many sessions, in rooms of ten, without sockets and media. */
export class LoadedService {
  readonly service: Service;
  readonly sockets: SocketWatch;
  readonly #clock = new HandClock();
  readonly #media = new NoMedia();

  constructor() {
    const delivered = settingsOf(NODE, "transfer");
    const settings = { ...delivered, limits: { ...delivered.limits, maxRooms: Infinity } };
    const unexpected = (error: unknown): never => {
      throw error;
    };
    const core = createCore(settings, this.#clock, unexpected);
    this.sockets = core.sockets;
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
      core,
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
      const connection = new DeafConnection();
      const session = sessions.open(identity, `tab-${index}`, connection);
      connection.session = session;
      rooms.enter(`room-${Math.floor(index / ROOM_SIZE)}`, session, await this.#media.join());
      opened.push(session);
    }
    return opened;
  }

  /** Somebody would see that one of them is away, or nobody would any more. The sockets of watched sessions have deadlines. */
  setWatched(opened: readonly Session[], isWatched: boolean): void {
    for (const session of opened) {
      this.service.liveness.setWatched(session, isWatched);
      const { asConnection } = session.connection as DeafConnection;
      if (isWatched) this.sockets.saidHello(asConnection);
      else this.sockets.closed(asConnection);
    }
  }

  /** A sign of life of a client, as the gateway takes it. */
  spoke(session: Session): void {
    this.sockets.spoke((session.connection as DeafConnection).asConnection);
    this.service.liveness.heard(session);
  }

  /** Lets time pass in steps as long as those of the watch, but runs no watch. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += WATCH_INTERVAL_MS) {
      this.#clock.advance(WATCH_INTERVAL_MS);
      this.service.time.tick();
    }
  }
}
