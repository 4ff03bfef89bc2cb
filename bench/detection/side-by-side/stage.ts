/** Where the side-by-side run takes place: the servers of all systems, and a witness in each room. */
import { until } from "../../../test/support/until.js";
import { People } from "../people/people.js";
import type { Which } from "../people/orders.js";
import { ServerProcess } from "../subjects/server-process.js";
import { clientOf, type Subject } from "../subjects/subject.js";
import { Log, type Outcome } from "./log.js";

const ENTRY_TIMEOUT_MS = 60_000;

export interface Spot {
  /** Address of this machine as the people see it. */
  host?: string;
  spoilable?: boolean;
}

export class Stage {
  readonly servers: readonly ServerProcess[];
  /** How many people of each system meet each fault. */
  readonly times: number;
  readonly #log = new Log();
  readonly #witness = new People((heard) => this.#log.note(heard));

  private constructor(servers: readonly ServerProcess[], times: number) {
    this.servers = servers;
    this.times = times;
  }

  static async open(subjects: readonly Subject[], times: number): Promise<Stage> {
    return new Stage(await Promise.all(subjects.map((subject) => ServerProcess.start(subject))), times);
  }

  get names(): string[] {
    return Array.from({ length: this.times }, (_, n) => `p${n}`);
  }

  get systems(): string[] {
    return this.servers.map(({ subject }) => subject.id);
  }

  /** The same person in the room of every system. */
  everywhere(room: string, name: string): Which[] {
    return this.systems.map((system) => ({ system, room, name }));
  }

  async witness(room: string): Promise<void> {
    await this.#enter(this.#witness, room, "witness", { listens: true });
  }

  /** They come into the room of every system, and their witness sees them. */
  async enter(people: People, room: string, name: string, spot: Spot = {}): Promise<void> {
    await this.#enter(people, room, name, spot);
    await this.sees(room, name);
  }

  /** Waits until the witness of every system has seen somebody. */
  async sees(room: string, name: string): Promise<void> {
    await until(() => this.systems.every((system) => this.#log.knows(system, room, name)), ENTRY_TIMEOUT_MS);
  }

  outcome({ system, room, name }: Which, since: number): Outcome {
    return this.#log.outcome(system, room, name, since);
  }

  async close(): Promise<void> {
    this.#witness.end();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  async #enter(people: People, room: string, name: string, spot: Spot & { listens?: boolean }): Promise<void> {
    const { host, spoilable = false, listens = false } = spot;
    await Promise.all(
      this.servers.map((server) =>
        people.enter({
          system: server.subject.id,
          room,
          name,
          url: server.url(host),
          client: clientOf(server.subject),
          spoilable,
          listens,
        }),
      ),
    );
  }
}
