import type { NodeRpc } from "../cluster/node-rpc.js";
import { type JsonObject, LastseenError } from "@lastseen/protocol";
import type { Question } from "../ports/question.js";
import type { Directory } from "../ports/directory.js";
import { QUESTIONS, type ById } from "./questions.js";
import type { SessionView } from "./session-view.js";
import { pageOf, positionOf, type OperatorView, type SessionFilter } from "./local-view.js";

/** Sees and does what {@link LocalView} does, on all nodes: what is not here is asked for where it is. */
export class WholeView implements OperatorView {
  readonly #local: OperatorView;
  readonly #directory: Directory;
  readonly #rpc: NodeRpc;
  readonly #others: () => readonly { nodeId: string }[];

  constructor(parts: {
    local: OperatorView;
    directory: Directory;
    rpc: NodeRpc;
    /** The other nodes that are there. */
    others: () => readonly { nodeId: string }[];
  }) {
    this.#local = parts.local;
    this.#directory = parts.directory;
    this.#rpc = parts.rpc;
    this.#others = parts.others;
  }

  async rooms(): ReturnType<OperatorView["rooms"]> {
    const { answers, missing } = await this.#askAll(QUESTIONS.rooms, {});
    const { rooms } = await this.#local.rooms();
    return { rooms: [...rooms, ...answers.flatMap((answer) => answer.rooms)], missing };
  }

  room(roomId: string): ReturnType<OperatorView["room"]> {
    return this.#whereRoom(roomId, () => this.#local.room(roomId), QUESTIONS.room);
  }

  async closeRoom(roomId: string): Promise<void> {
    await this.#whereRoom(roomId, async () => (await this.#local.closeRoom(roomId), {}), QUESTIONS.closeRoom);
  }

  async sessions(filter: SessionFilter): ReturnType<OperatorView["sessions"]> {
    const { answers, missing } = await this.#askAll(QUESTIONS.sessions, filter);
    const pages = [await this.#local.sessions(filter), ...answers];
    const { page, cursor } = pageOf(
      pages.flatMap(({ sessions }) => sessions),
      filter,
    );
    // A node that has more has sent a full page, so that whatever it left out comes after the last that is shown.
    const last = page.at(-1);
    const hasMore = cursor !== null || pages.some((one) => one.cursor !== null);
    return { sessions: page, cursor: last && hasMore ? positionOf(last) : null, missing };
  }

  session(sessionId: string): ReturnType<OperatorView["session"]> {
    return this.#whereSession(
      sessionId,
      async () => {
        const here = await this.#local.session(sessionId);
        return here.end === null ? here : this.#lastKnown(here);
      },
      QUESTIONS.session,
    );
  }

  /** Of a session that has moved each node has its part. */
  async timeline(sessionId: string): ReturnType<OperatorView["timeline"]> {
    const asked = this.#others().map(({ nodeId }) => this.#rpc.ask(nodeId, QUESTIONS.timeline, { id: sessionId }));
    const parts = await Promise.allSettled([this.#local.timeline(sessionId), ...asked]);
    const known = parts.flatMap((part) => (part.status === "fulfilled" ? [part.value] : []));
    if (known.length === 0) throw worstOf(parts);
    const entries = known.flatMap((part) => part.entries).toSorted((a, b) => a.at - b.at);
    return { sessionId, entries };
  }

  async kick(sessionId: string): Promise<void> {
    await this.#whereSession(sessionId, async () => (await this.#local.kick(sessionId), {}), QUESTIONS.kick);
  }

  #whereRoom<T extends JsonObject>(roomId: string, here: () => Promise<T>, question: Question<ById, T>): Promise<T> {
    const findNodes = async (): Promise<string[]> => {
      const home = await this.#directory.findRoom(roomId);
      return home ? [home.nodeId] : [];
    };
    return this.#elsewhereIfMissing(roomId, here, findNodes, question);
  }

  /** Of a session that has ended only the node knows that held it, whichever that was. */
  #whereSession<T extends JsonObject>(
    sessionId: string,
    here: () => Promise<T>,
    question: Question<ById, T>,
  ): Promise<T> {
    return this.#elsewhereIfMissing(sessionId, here, () => this.#nodesOf(sessionId), question);
  }

  async #nodesOf(sessionId: string): Promise<string[]> {
    const place = await this.#directory.findSession(sessionId);
    return place ? [place.nodeId] : this.#others().map(({ nodeId }) => nodeId);
  }

  /** What has ended here may go on on another node, or have ended there later. Who does not answer knows nothing better. */
  async #lastKnown(here: SessionView): Promise<SessionView> {
    const id = here.id;
    const nodes = (await this.#nodesOf(id).catch(() => [])).filter((nodeId) => nodeId !== this.#directory.nodeId);
    const answers = await Promise.allSettled(nodes.map((nodeId) => this.#rpc.ask(nodeId, QUESTIONS.session, { id })));
    const views = [here, ...answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))];
    return views.reduce((last, view) => (endOf(view) > endOf(last) ? view : last));
  }

  async #elsewhereIfMissing<T extends JsonObject>(
    id: string,
    here: () => Promise<T>,
    findNodes: () => Promise<readonly string[]>,
    question: Question<ById, T>,
  ): Promise<T> {
    try {
      return await here();
    } catch (error) {
      if (!isMissing(error)) throw error;
      const nodes = (await findNodes()).filter((nodeId) => nodeId !== this.#directory.nodeId);
      const answers = await Promise.allSettled(nodes.map((nodeId) => this.#rpc.ask(nodeId, question, { id })));
      const found = answers.find((answer) => answer.status === "fulfilled");
      if (found) return found.value;
      throw answers.length === 0 ? error : worstOf(answers);
    }
  }

  async #askAll<Asked extends JsonObject, Answer extends JsonObject>(
    question: Question<Asked, Answer>,
    asked: Asked,
  ): Promise<{ answers: Answer[]; missing: string[] }> {
    const nodes = this.#others().map(({ nodeId }) => nodeId);
    const answers = await Promise.allSettled(nodes.map((nodeId) => this.#rpc.ask(nodeId, question, asked)));
    return {
      answers: answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])),
      missing: nodes.filter((_, index) => answers[index]?.status === "rejected"),
    };
  }
}

function endOf({ end }: SessionView): number {
  return end?.at ?? Infinity;
}

/** Of answers that all failed. Whoever could not say may be the one that has it. */
function worstOf(answers: readonly PromiseSettledResult<unknown>[]): unknown {
  const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
  return failures.find((failure) => !isMissing(failure)) ?? failures[0];
}

function isMissing(error: unknown): boolean {
  return error instanceof LastseenError && error.code === "not_found";
}
