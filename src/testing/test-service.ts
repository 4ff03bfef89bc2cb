import { fileURLToPath } from "node:url";
import type { Participant } from "@lastseen/protocol";
import { buildApp, type App } from "../composition/app.js";
import { configOf } from "../config/load.js";
import type { Settings } from "../config/schema.js";
import { createLogger } from "../observability/logger.js";
import { Line } from "./line.js";
import { Person, type PersonOptions } from "./person.js";
import { QuickClock } from "./quick-clock.js";

const CONFIG_DIRECTORY = fileURLToPath(new URL("../../config", import.meta.url));
/** Faster, and a client on a slow machine may not answer in time. */
const SPEED = 20;
const LOOK_MS = 20;
const PATIENCE_MS = 10_000;

/** Settings of the service by their names. Durations in milliseconds. */
export type TestSettings = { [Name in keyof Settings]?: Settings[Name] | undefined };

export interface TestServiceOptions {
  /** Replace the defaults. Without them the service believes every user, uses a free port, and carries no media (`SFU_WORKERS: 0`). */
  readonly settings?: TestSettings;
  /** Gets each line of the log, as JSON. Default: nobody. */
  readonly log?: (line: string) => void;
}

export interface TestService {
  /** For your pages and your backend. */
  readonly url: string;
  /** A line of its own to the service, for a page whose network fails. */
  line(): Promise<Line>;
  /** Somebody else who connects, and joins a room. @throws RequestError when the service refuses the person */
  person(options: PersonOptions): Promise<Person>;
  /**
   * Time passes for the service: deadlines run out, sweeps and pings happen. Clients answer meanwhile, so whoever is there stays.
   *
   * @param speed so many times faster than the clock on the wall; slower for a page that needs long to answer
   */
  pass(ms: number, speed?: number): Promise<void>;
  /** The whole process stands still for so long, with everything in it that belongs to your test. */
  stall(ms: number): void;
  /** Who is in the room now, as the others see it. */
  whoIsIn(roomId: string): readonly Participant[];
  /**
   * Waits until something is true, in real time.
   *
   * @throws Error after 10 s
   */
  until(what: () => boolean | Promise<boolean>): Promise<void>;
  /** Ends the people, the lines and the service. */
  close(): Promise<void>;
}

/**
 * Starts the real service in this process.
 *
 * @throws ConfigError with every problem of the settings at once
 */
export async function startTestService(options: TestServiceOptions = {}): Promise<TestService> {
  const { settings = {}, log = () => {} } = options;
  const values = { PORT: 0, SFU_WORKERS: 0, SFU_PORT: 0, ...settings };
  const config = configOf(values, CONFIG_DIRECTORY, { environment: "test" });
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: false, nodeId: config.NODE_ID }, { write: log });
  const clock = new QuickClock();
  const app = await buildApp(config, logger, clock);
  return new RunningTestService(app, clock, await app.listen());
}

class RunningTestService implements TestService {
  readonly #app: App;
  readonly #clock: QuickClock;
  readonly #port: number;
  readonly #lines: Line[] = [];
  readonly #people: Person[] = [];

  constructor(app: App, clock: QuickClock, port: number) {
    this.#app = app;
    this.#clock = clock;
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async line(): Promise<Line> {
    const line = await Line.open(this.#port);
    this.#lines.push(line);
    return line;
  }

  async person(options: PersonOptions): Promise<Person> {
    const person = await Person.enter(options, () => this.line());
    this.#people.push(person);
    return person;
  }

  pass(ms: number, speed = SPEED): Promise<void> {
    return this.#clock.pass(ms, speed);
  }

  stall(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  }

  whoIsIn(roomId: string): readonly Participant[] {
    const room = this.#app.rooms.find(roomId);
    return room ? this.#app.rooms.participants(room) : [];
  }

  async until(what: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await what())) {
      if (performance.now() > deadline) throw new Error(`not true within ${PATIENCE_MS / 1_000} s: ${what.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#people.map((person) => person.close()));
    await this.#app.close();
    await Promise.all(this.#lines.map((line) => line.close()));
  }
}
