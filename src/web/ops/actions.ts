/** What an operator can do, each after a question, and what came of it in words. */
import { Refused, type Api } from "./api.js";
import { confirmed } from "./confirm.js";
import { fieldsOf, number, text, type Fields } from "./read.js";
import type { SessionRow } from "./shapes.js";
import { plural } from "./words.js";

export class Deeds {
  readonly #api: Api;
  readonly #done: (what: string) => void;

  /** @param done told what was done, or why not */
  constructor(api: Api, done: (what: string) => void) {
    this.#api = api;
    this.#done = done;
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
        text: "Sweeps this node for ghosts and compares its books with the media workers, as it does by itself all the time.",
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

  async #do(
    question: Parameters<typeof confirmed>[0],
    act: () => Promise<unknown>,
    words: (answer: unknown) => string,
  ): Promise<void> {
    if (!(await confirmed(question))) return;
    try {
      this.#done(words(await act()));
    } catch (error) {
      const why = error instanceof Refused ? error.message : "The service does not answer.";
      this.#done(`${question.action} failed: ${why}`);
    }
  }
}

/** The report of a cleanup: what was looked at, what was done, what was found wrong. */
function cleanupWords(report: Fields): string {
  const sweep = fieldsOf(report["sweep"]);
  const books = fieldsOf(report["reconciliation"]);
  const reaped = Array.isArray(sweep["reaped"]) ? sweep["reaped"].length : 0;
  const held = text(sweep, "result") === "held" ? ", held back because so many were due at once" : "";
  const found = [
    ["stuckRetried", sweep, "stuck cleanup tried again", "stuck cleanups tried again"],
    ["orphansClosed", books, "orphan closed in mediasoup", "orphans closed in mediasoup"],
    [
      "orphansSuspected",
      books,
      "orphan suspected, looked at again next time",
      "orphans suspected, looked at again next time",
    ],
    ["mediaReset", books, "session told to make its media anew", "sessions told to make their media anew"],
    ["rosterRepaired", books, "roster entry taken out", "roster entries taken out"],
  ] as const;
  const parts = found
    .map(([name, fields, one, many]) => ({ count: number(fields, name), one, many }))
    .filter(({ count }) => count > 0)
    .map(({ count, one, many }) => plural(count, one, many));
  const drift = number(books, "directoryDrift");
  if (drift !== 0) parts.push(`directory off by ${drift}`);
  const looked = `Checked ${plural(number(sweep, "checked"), "session")} in ${number(sweep, "durationMs").toFixed(1)} ms`;
  const ghosts = `${plural(number(sweep, "ghosts"), "ghost")}, ${reaped} removed${held}`;
  return `${looked}: ${ghosts}. ${parts.length === 0 ? "Nothing else was wrong" : parts.join(", ")}.`;
}
