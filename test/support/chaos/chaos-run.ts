/**
 * One seed: four nodes, people who come and go, and faults. When the faults are healed, everything that tells who is where must
 * agree: see `truth.ts`. The moments of real processes differ from run to run, so a seed repeats the plan, not the run.
 */
import { Random } from "../random.js";
import { until } from "../until.js";
import { Faults, type FaultKind } from "./faults.js";
import { Person } from "./person.js";
import { Stage } from "./stage.js";
import { differences } from "./truth.js";

const PEOPLE = 24;
const ROOMS = 8;
const STEP_MS = 250;
/** Average time between two faults. */
const CALM_MS = 2_000;
/** Everything must agree within this time after the last fault, and still after {@link STAYS_MS}. */
const HEALED_MS = 120_000;
const STAYS_MS = 5_000;

export interface ChaosPlan {
  readonly seed: number;
  readonly seconds: number;
  readonly faults: readonly FaultKind[];
  /** Default: one Redis with a replica and a sentinel. */
  readonly store?: "pair" | "shards";
}

export class ChaosRun {
  readonly #plan: ChaosPlan;
  readonly #random: Random;
  readonly #log: string[] = [];
  readonly #beganAt = Date.now();
  readonly #stage: Stage;
  readonly #faults: Faults;
  readonly #people: Person[] = [];
  readonly #losses: string[] = [];
  readonly #acts = new Map<string, number>();

  private constructor(plan: ChaosPlan, stage: Stage) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    this.#stage = stage;
    this.#faults = new Faults(stage, this.#random, plan.faults, (line) => this.#note(line));
  }

  /** @returns what happened, in one line. @throws Error with the log when something differs in the end */
  static async of(plan: ChaosPlan): Promise<string> {
    const run = new ChaosRun(plan, await Stage.set(plan.store ?? "pair"));
    return run.#run();
  }

  async #run(): Promise<string> {
    while (this.#people.length < PEOPLE) this.#come();
    const { seconds } = this.#plan;
    await new Promise<void>((resolve) => {
      const end = Date.now() + seconds * 1_000;
      const timer = setInterval(() => {
        this.#step();
        if (Date.now() < end) return;
        clearInterval(timer);
        resolve();
      }, STEP_MS);
    });
    this.#note("all faults are healed");
    const healing = performance.now();
    await this.#faults.heal();
    await this.#agree();
    const healedMs = performance.now() - healing;
    const stays = performance.now() + STAYS_MS;
    await until(() => performance.now() > stays);
    await this.#agree();
    if (this.#losses.length > 0) throw this.#failure(this.#losses);
    const counts = [...this.#acts, ...this.#faults.counts].map(([what, count]) => `${what} ${count}`).join(", ");
    return `seed ${this.#plan.seed}: ${counts}; all agree ${(healedMs / 1_000).toFixed(1)} s after the last fault\n`;
  }

  async #agree(): Promise<void> {
    let wrong: string[] = [];
    const agrees = async (): Promise<boolean> => {
      for (const person of this.#people) {
        person.settle();
        person.hangUp();
      }
      wrong = await differences(this.#stage, this.#people, (last) => this.#faults.isDoubtful(last)).catch((error) => [
        String(error),
      ]);
      return wrong.length === 0;
    };
    await until(agrees, HEALED_MS).catch(() => {
      throw this.#failure(wrong);
    });
  }

  #step(): void {
    if (this.#random.below(CALM_MS / STEP_MS) === 0) this.#faults.begin();
    const present = this.#people.filter(({ gone }) => !gone);
    const person = present[this.#random.below(present.length)];
    const other = present[this.#random.below(present.length)];
    const act = this.#random.below(12);
    const room = `room-${this.#random.below(ROOMS)}`;
    const answers = this.#random.below(3) > 0;
    for (const each of present) each.settle();
    if (!person || !other) return;
    if (act < 3) this.#count("joins", () => person.enter(room));
    else if (act < 4) this.#count("leaves", () => person.leave());
    else if (act < 5) this.#count("broken connections", () => person.breakConnection());
    else if (act < 6) this.#count("closed pages", () => (person.close(), this.#come()));
    else if (act < 9) this.#count("steps of calls", () => person.call(other.userId, answers));
  }

  #come(): void {
    const person = new Person(`user-${this.#people.length + 1}`, this.#stage.url, (who) => this.#lost(who));
    this.#people.push(person);
    person.enter(`room-${this.#random.below(ROOMS)}`);
  }

  #lost({ userId, room }: Person): void {
    const isExplained = this.#faults.mayLoseSession(Date.now());
    this.#note(`${userId} lost the session with which she was in ${room}${isExplained ? ", as documented" : ""}`);
    if (!isExplained) this.#losses.push(`${userId} lost a session, and no fault explains it`);
  }

  #count(what: string, act: () => void): void {
    this.#acts.set(what, (this.#acts.get(what) ?? 0) + 1);
    act();
  }

  #note(line: string): void {
    this.#log.push(`${((Date.now() - this.#beganAt) / 1_000).toFixed(2)} ${line}`);
  }

  #failure(wrong: readonly string[]): Error {
    return new Error(
      `seed ${this.#plan.seed}: ${wrong.join("\n  ")}\nbegan at ${new Date(this.#beganAt).toISOString()}\n${this.#log.join("\n")}`,
    );
  }
}
