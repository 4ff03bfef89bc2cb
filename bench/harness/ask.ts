/**
 * Requests from the bench to its child processes over Node's IPC channel. A number matches each answer to its request.
 */
import type { ChildProcess } from "node:child_process";

/** The commands of a child process: one function each, with one argument that JSON can carry. */
export type Commands = Record<string, (argument: never) => unknown>;

type Argument<C extends Commands, K extends keyof C> = Parameters<C[K]>[0];
type Result<C extends Commands, K extends keyof C> = Awaited<ReturnType<C[K]>>;

interface Question {
  number: number;
  command: string;
  argument: unknown;
}

interface Answer {
  number: number;
  result?: unknown;
  error?: string;
}

let lastNumber = 0;

/** Asks a child process that runs {@link answer}. Rejects when the command fails there, or the process ends. */
export function ask<C extends Commands, K extends keyof C & string>(
  child: ChildProcess,
  command: K,
  argument: Argument<C, K>,
): Promise<Result<C, K>> {
  lastNumber += 1;
  const question: Question = { number: lastNumber, command, argument };
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      child.off("message", onMessage);
      child.off("exit", onExit);
      finish();
    };
    const onMessage = (message: unknown): void => {
      const answered = message as Answer;
      if (answered.number !== question.number) return;
      settle(() => {
        if (answered.error === undefined) resolve(answered.result as Result<C, K>);
        else reject(new Error(`${command} failed: ${answered.error}`));
      });
    };
    const onExit = (): void => settle(() => reject(new Error(`the process ended while it was asked to ${command}`)));
    child.on("message", onMessage);
    child.on("exit", onExit);
    child.send(question);
  });
}

/** Answers requests in the child process. The child ends when its parent process ends. */
export function answer(commands: Commands): void {
  process.on("message", (message) => {
    const { number, command, argument } = message as Question;
    const run = commands[command] as ((argument: unknown) => unknown) | undefined;
    Promise.resolve()
      .then(() => {
        if (!run) throw new Error("unknown command");
        return run(argument);
      })
      .then(
        (result) => reply({ number, result }),
        (error: unknown) => reply({ number, error: error instanceof Error ? (error.stack ?? error.message) : "?" }),
      );
  });
  process.on("disconnect", () => process.exit(0));
}

function reply(message: Answer): void {
  process.send?.(message);
}
