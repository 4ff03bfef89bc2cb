import { randomUUID } from "node:crypto";
import type { Clock } from "../kernel/clock.js";
import { withTimeLimit } from "../kernel/time-limit.js";
import { type ErrorCode, ERRORS, type JsonObject, LastseenError, toWireError } from "@lastseen/protocol";
import type { NodeMessage } from "../ports/node-messages.js";
import type { Question } from "../ports/question.js";
import type { Bus } from "../ports/bus.js";

/** How long a node may take to answer. */
const ANSWER_LIMIT_MS = 1_000;

/** Calls between nodes: a node asks another node for what only the node that holds a session or room can tell or do. */
export class NodeRpc {
  readonly #clock: Clock;
  readonly #bus: Bus;
  readonly #answers = new Map<string, (data: JsonObject) => Promise<JsonObject>>();
  readonly #asked = new Map<string, (answer: Extract<NodeMessage, { type: "answer" }>) => void>();
  readonly #unfollow: () => void;

  constructor(options: { clock: Clock; bus: Bus }) {
    this.#clock = options.clock;
    this.#bus = options.bus;
    this.#unfollow = this.#bus.on("message", ({ from, message }) => {
      if (message.type === "ask") void this.#answer(from, message);
      else if (message.type === "answer") this.#asked.get(message.id)?.(message);
    });
  }

  /** From now on this node answers that question with `give`. The asking node throws the error that `give` throws. */
  answer<Asked extends JsonObject, Answer extends JsonObject>(
    question: Question<Asked, Answer>,
    give: (asked: Asked) => Promise<Answer>,
  ): void {
    this.#answers.set(question.name, async (data) => {
      const asked = question.readAsked(data);
      if (!asked) throw new LastseenError("bad_message", "This node cannot read the data of that question.");
      return give(asked);
    });
  }

  /**
   * Asks another node.
   *
   * @throws LastseenError with the other node's code; `overloaded` when the other node does not answer in time, or this node
   *   cannot read the answer
   */
  async ask<Asked extends JsonObject, Answer extends JsonObject>(
    nodeId: string,
    question: Question<Asked, Answer>,
    asked: Asked,
  ): Promise<Answer> {
    const answer = question.readAnswer(await this.#ask(nodeId, question.name, asked));
    if (!answer) throw new LastseenError("overloaded", `Node ${nodeId} gave an answer that this node cannot read.`);
    return answer;
  }

  close(): void {
    this.#unfollow();
  }

  async #ask(nodeId: string, question: string, data: JsonObject): Promise<JsonObject> {
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
    } catch (error) {
      if (error instanceof LastseenError) throw error;
      throw new LastseenError("overloaded", `Node ${nodeId} does not answer.`, { cause: error });
    } finally {
      this.#asked.delete(id);
    }
  }

  async #answer(from: string, { id, question, data }: Extract<NodeMessage, { type: "ask" }>): Promise<void> {
    try {
      const give = this.#answers.get(question);
      if (!give) throw new LastseenError("not_found", "This node does not know that question.");
      this.#bus.send({ nodeId: from }, { type: "answer", id, data: await give(data) });
    } catch (error) {
      const { code, message } = toWireError(error);
      this.#bus.send({ nodeId: from }, { type: "answer", id, error: { code, message } });
    }
  }
}

function codeOf(code: string): ErrorCode {
  return code in ERRORS ? (code as ErrorCode) : "internal";
}
