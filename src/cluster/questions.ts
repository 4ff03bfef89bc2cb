import { randomUUID } from "node:crypto";
import { withTimeLimit } from "../kernel/time-limit.js";
import type { Clock } from "../kernel/clock.js";
import { ERRORS, LastseenError, toWireError, type ErrorCode } from "../protocol/errors.js";
import type { JsonObject } from "../protocol/messages/index.js";
import type { NodeMessage } from "../protocol/node-messages.js";
import type { Bus } from "../session/bus.js";

/** How long a node may take to answer. */
const ANSWER_LIMIT_MS = 1_000;

type Answer = (data: JsonObject) => JsonObject | Promise<JsonObject>;

/** Questions between nodes: what only the node that holds a session or room can tell or do. */
export class Questions {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #answers: ReadonlyMap<string, Answer>;
  readonly #asked = new Map<string, (answer: Extract<NodeMessage, { type: "answer" }>) => void>();
  readonly #unfollow: () => void;

  /** @param answers what this node answers, by the question's name */
  constructor(options: { clock: Clock; bus: Bus; answers: Readonly<Record<string, Answer>> }) {
    this.#clock = options.clock;
    this.#bus = options.bus;
    this.#answers = new Map(Object.entries(options.answers));
    this.#unfollow = this.#bus.on("message", ({ from, message }) => {
      if (message.type === "ask") void this.#answer(from, message);
      else if (message.type === "answer") this.#asked.get(message.id)?.(message);
    });
  }

  /**
   * @throws LastseenError as the other node did
   * @throws TimeLimitError when it does not answer
   */
  async ask(nodeId: string, question: string, data: JsonObject): Promise<JsonObject> {
    const id = randomUUID();
    const answered = new Promise<JsonObject>((resolve, reject) => {
      this.#asked.set(id, ({ data: answer, error }) => {
        if (error) reject(new LastseenError(codeOf(error.code), error.message));
        else resolve(answer ?? {});
      });
    });
    this.#bus.send({ nodeId }, { type: "ask", id, question, data });
    try {
      return await withTimeLimit(this.#clock, ANSWER_LIMIT_MS, `an answer of node ${nodeId}`, answered);
    } finally {
      this.#asked.delete(id);
    }
  }

  close(): void {
    this.#unfollow();
  }

  async #answer(from: string, { id, question, data }: Extract<NodeMessage, { type: "ask" }>): Promise<void> {
    try {
      const answer = this.#answers.get(question);
      if (!answer) throw new LastseenError("not_found", "This node does not know that question.");
      this.#bus.send({ nodeId: from }, { type: "answer", id, data: await answer(data) });
    } catch (error) {
      const { code, message } = toWireError(error);
      this.#bus.send({ nodeId: from }, { type: "answer", id, error: { code, message } });
    }
  }
}

function codeOf(code: string): ErrorCode {
  return code in ERRORS ? (code as ErrorCode) : "internal";
}
