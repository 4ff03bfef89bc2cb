/** What an operator can do, each after a question, and what came of it in words. */
import { Refused, type Api } from "./api.js";
import type { Choice, Chosen, Question } from "./confirm-dialog.js";
import { fieldsOf, number, text, type Fields } from "./read.js";
import type { BlockRow, SessionRow } from "./shapes.js";
import { plural } from "./words.js";

const DURATIONS: Choice = {
  name: "seconds",
  label: "For how long",
  options: [
    { value: "600", words: "10 minutes" },
    { value: "3600", words: "1 hour" },
    { value: "86400", words: "1 day" },
    { value: "604800", words: "1 week" },
    { value: "31536000", words: "1 year" },
  ],
};
const EVERYWHERE = "";

export class OperatorActions {
  readonly #api: Api;
  readonly #confirm: (question: Question) => Promise<Chosen | undefined>;
  readonly #report: (outcome: string) => void;

  /**
   * @param confirm asks the operator; resolves with what was chosen, or undefined for no
   * @param report told what was done, or why not
   */
  constructor(
    api: Api,
    confirm: (question: Question) => Promise<Chosen | undefined>,
    report: (outcome: string) => void,
  ) {
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

  block({ name, userId, roomId }: SessionRow): Promise<void> {
    const room = { value: roomId ?? EVERYWHERE, words: `from the room “${roomId}”` };
    const where: Choice = {
      name: "roomId",
      label: "Where",
      options: [{ value: EVERYWHERE, words: "everywhere" }, ...(roomId === null ? [] : [room])],
    };
    return this.#do(
      {
        title: `Block ${name}?`,
        text: `User ${userId}: the sessions end at once on all nodes, and the user cannot come in again for that time.`,
        action: "Block",
        choices: [DURATIONS, where],
      },
      ({ seconds, roomId: chosen = EVERYWHERE }) =>
        this.#api.put(["users", userId, "block"], {
          seconds: Number(seconds),
          ...(chosen !== EVERYWHERE && { roomId: chosen }),
        }),
      () => `${name} was blocked.`,
    );
  }

  unblock({ userId, roomId }: BlockRow): Promise<void> {
    const where = roomId === null ? "" : ` in the room “${roomId}”`;
    return this.#do(
      {
        title: `Unblock ${userId}?`,
        text: `The user may come in again${where}.`,
        action: "Unblock",
      },
      () => this.#api.delete(["users", userId, "block"], { roomId: roomId ?? undefined }),
      () => `${userId} was unblocked.`,
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

  async #do(
    question: Question,
    act: (chosen: Chosen) => Promise<unknown>,
    words: (answer: unknown) => string,
  ): Promise<void> {
    const chosen = await this.#confirm(question);
    if (!chosen) return;
    try {
      this.#report(words(await act(chosen)));
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
