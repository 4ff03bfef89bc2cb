import { Fault } from "./fault.js";
import type { Line } from "./line.js";
import type { Program } from "./program.js";
import { ROOM, ScriptedService } from "./scripted-service.js";

/** What a check has to work with: the service that it plays, and the program that it judges. */
export class Stage {
  readonly service: ScriptedService;
  readonly #patience: number;
  readonly #more: ScriptedService[] = [];
  #program: Program | undefined = undefined;

  constructor(service: ScriptedService, patience: number) {
    this.service = service;
    this.#patience = patience;
  }

  /** The program runs from now on. */
  begin(program: Program): void {
    this.#program = program;
  }

  get program(): Program {
    if (!this.#program) throw new Error("the program does not run yet");
    return this.#program;
  }

  /** Longer on a slow machine. */
  patient(ms: number): number {
    return ms * this.#patience;
  }

  /** Another service, such as the one that a redirect leads to. */
  async another(): Promise<ScriptedService> {
    const service = await ScriptedService.start();
    this.#more.push(service);
    return service;
  }

  /** Waits until the client is in its room. */
  async entered(index = 0): Promise<Line> {
    const line = await this.connected(index, "connect");
    await this.greeted(line);
    await line.until(`join the room "${ROOM}"`, () => line.find("join"), this.patient(5_000));
    return line;
  }

  /** Waits for the client's next connection. */
  connected(index: number, what: string, withinMs = 10_000): Promise<Line> {
    return this.service.line(index, what, this.patient(withinMs));
  }

  greeted(line: Line): Promise<unknown> {
    return line.until("say hello", () => line.find("hello"), this.patient(5_000));
  }

  /** The next connection must resume the session. @returns the connection */
  async resumed(index: number, after: string, withinMs = 10_000): Promise<Line> {
    const expected = this.service.session;
    if (!expected) throw new Error("there is no session to resume");
    const { sessionId, resumeToken } = expected;
    const line = await this.connected(index, `connect again ${after}`, withinMs);
    await this.greeted(line);
    const { resume } = line.all("hello")[0]?.data ?? {};
    this.assert(resume !== undefined, `The client should resume its session ${after}: its hello has no \`resume\`.`);
    this.assert(
      resume?.sessionId === sessionId && resume.resumeToken === resumeToken,
      `The client should resume with the newest \`sessionId\` and \`resumeToken\` ${after}.`,
    );
    return line;
  }

  /** Nothing happens for so long. @param what what the client must not do */
  async never(what: string, happens: () => boolean, forMs: number): Promise<void> {
    const over = performance.now() + forMs;
    while (performance.now() < over) {
      this.assert(!happens(), `The client must not ${what}.`);
      await pause(50);
    }
  }

  /** @throws Fault */
  assert(condition: boolean, message: string): void {
    if (!condition) throw new Fault(message);
  }

  async close(): Promise<void> {
    await this.#program?.stop();
    for (const service of [this.service, ...this.#more]) await service.close();
  }
}

export interface Check {
  /** What it asks of a client, in one word or two. */
  readonly name: string;
  /** The same in a sentence. */
  readonly asks: string;
  /** Changes the service before the program starts. */
  prepare?(service: ScriptedService, stage: Stage): void | Promise<void>;
  /** @throws Fault what the client does wrong */
  run(stage: Stage): Promise<void>;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
