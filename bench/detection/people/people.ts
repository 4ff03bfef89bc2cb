import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { COMPILED } from "../../compile.js";
import { ask } from "../../harness/ask.js";
import type { OtherMachine } from "../other-machine.js";
import type { EntryOrder, Heard, PeopleCommands, Which } from "./orders.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Below `node_modules`, so that nothing else has to be ignored. */
const OUTPUT = join(HERE, "..", "..", "..", "node_modules", ".cache", "lastseen-bench");
const PROGRAM = join(OUTPUT, "people.mjs");

/** Compiles the program, so that no loader runs in each process. Once before {@link People}. */
export function compilePeople(): void {
  mkdirSync(OUTPUT, { recursive: true });
  buildSync({
    entryPoints: [join(HERE, "main.ts")],
    outfile: PROGRAM,
    ...COMPILED,
  });
}

/** They end with the bench at the latest. */
const endWithBench = new Set<People>();
process.once("exit", () => endWithBench.forEach((people) => people.end()));

/** A process of people, seen from the bench. */
export class People {
  readonly #child: ChildProcess;

  /** @param machine where it runs; by default here */
  constructor(onHeard: (heard: Heard) => void = () => {}, machine?: OtherMachine) {
    const [command, ...args] = [...(machine?.prefix ?? []), process.execPath, PROGRAM];
    this.#child = spawn(command ?? process.execPath, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#child.on("message", (message) => {
      const { heard } = message as { heard?: Heard };
      if (heard) onHeard(heard);
    });
    // Requests of the many people wait side by side.
    this.#child.setMaxListeners(0);
    endWithBench.add(this);
  }

  enter(order: EntryOrder): Promise<void> {
    return ask<PeopleCommands, "enter">(this.#child, "enter", order);
  }

  leave(which: Which): Promise<void> {
    return ask<PeopleCommands, "leave">(this.#child, "leave", which);
  }

  reset(which: Which): Promise<void> {
    return ask<PeopleCommands, "reset">(this.#child, "reset", which);
  }

  reload(which: Which, afterMs: number): Promise<void> {
    return ask<PeopleCommands, "reload">(this.#child, "reload", { ...which, afterMs });
  }

  hang(): void {
    // There is no answer before the process ends.
    void ask<PeopleCommands, "hang">(this.#child, "hang", {}).catch(() => {});
  }

  stop(): void {
    this.#child.kill("SIGSTOP");
  }

  end(): void {
    endWithBench.delete(this);
    this.#child.kill("SIGKILL");
  }
}
