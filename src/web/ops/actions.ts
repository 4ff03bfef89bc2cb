/** What an operator can do, each after a question, and what came of it in words. */
import { Refused, type Api } from "./api.js";
import type { Question } from "./confirm-dialog.js";
import { fieldsOf, number, text, type Fields } from "./read.js";
import type { SessionRow } from "./shapes.js";
import { plural } from "./words.js";

export class OperatorActions {
  readonly #api: Api;
  readonly #confirm: (question: Question) => Promise<boolean>;
  readonly #report: (outcome: string) => void;

  /**
   * @param confirm asks the operator; resolves with the answer
   * @param report told what was done, or why not
   */
  constructor(api: Api, confirm: (question: Question) => Promise<boolean>, report: (outcome: string) => void) {
    this.#api = api;
    this.#confirm = confirm;
    this.#report = report;
  }

  kick({ id, name, userId, roomId }: SessionRow): Promise<void> {
    const where = roomId === null ? "" : ` in the room “${roomId}”`;
    return this.#do(
      {
        title: `Kick ${name}?`,
        text: `User ${userId}${where}: the session ends at once, its media is closed, the others are told. Its client does not come back by itself.`,
        action: "Kick",
      },
      () => this.#api.delete(["sessions", id]),
      () => `${name} was kicked.`,
    );
  }

  closeRoom(roomId: string, participants: number): Promise<void> {
    return this.#do(
      {
        title: `Close the room “${roomId}”?`,
        text: `${plural(participants, "session")} will leave it at once. They stay connected and may join again.`,
        action: "Close room",
      },
      () => this.#api.delete(["rooms", roomId]),
      () => `The room “${roomId}” was closed.`,
    );
  }

  cleanUp(): Promise<void> {
    return this.#do(
      {
        title: "Clean up now?",
        text: "Sweeps this node for ghosts and compares its records with the media workers. The service does the same by itself at regular intervals.",
        action: "Clean up",
      },
      () => this.#api.post(["cleanup"]),
      (answer) => cleanupWords(fieldsOf(answer)),
    );
  }

  drain(nodeId: string): Promise<void> {
    return this.#do(
      {
        title: `Drain node ${nodeId}?`,
        text: "It hands its sessions over to the other nodes and takes nothing new until it is restarted. The node that answers is the one that is drained.",
        action: "Drain",
      },
      () => this.#api.post(["drain"]),
      (answer) => `Draining: ${plural(number(fieldsOf(answer), "sessions"), "session")} still here.`,
    );
  }

  async #do(question: Question, act: () => Promise<unknown>, words: (answer: unknown) => string): Promise<void> {
    if (!(await this.#confirm(question))) return;
    try {
      this.#report(words(await act()));
    } catch (error) {
      const why = error instanceof Refused ? error.message : "The service does not answer.";
      this.#report(`${question.action} failed: ${why}`);
    }
  }
}

/** The report of a cleanup: what was looked at, what was done, what was found wrong. */
function cleanupWords(report: Fields): string {
  const sweep = fieldsOf(report["sweep"]);
  const reconciliation = fieldsOf(report["reconciliation"]);
  const reaped = Array.isArray(sweep["reaped"]) ? sweep["reaped"].length : 0;
  const held = text(sweep, "result") === "held" ? ", held back because so many were due at once" : "";
  const found = [
    ["stuckRetried", sweep, "stuck cleanup tried again", "stuck cleanups tried again"],
    ["orphansClosed", reconciliation, "orphan closed in mediasoup", "orphans closed in mediasoup"],
    [
      "orphansSuspected",
      reconciliation,
      "orphan suspected, looked at again next time",
      "orphans suspected, looked at again next time",
    ],
    ["mediaReset", reconciliation, "session told to make its media anew", "sessions told to make their media anew"],
    ["rosterRepaired", reconciliation, "roster entry taken out", "roster entries taken out"],
  ] as const;
  const parts = found
    .map(([name, fields, one, many]) => ({ count: number(fields, name), one, many }))
    .filter(({ count }) => count > 0)
    .map(({ count, one, many }) => plural(count, one, many));
  const drift = number(reconciliation, "directoryDrift");
  if (drift !== 0) parts.push(`directory off by ${drift}`);
  const looked = `Checked ${plural(number(sweep, "checked"), "session")} in ${number(sweep, "durationMs").toFixed(1)} ms`;
  const ghosts = `${plural(number(sweep, "ghosts"), "ghost")}, ${reaped} removed${held}`;
  return `${looked}: ${ghosts}. ${parts.length === 0 ? "Nothing else was wrong" : parts.join(", ")}.`;
}
