import type { NodeRpc } from "../cluster/node-rpc.js";
import { type JsonObject, LastseenError } from "@lastseen/protocol";
import type { SessionFilter, NodeSession } from "@lastseen/protocol/http";
import type { Question } from "../ports/question.js";
import type { Directory } from "../ports/directory.js";
import { OPERATOR_RPC, type ById } from "./operator-rpc.js";
import type { Actor } from "../session/actor.js";
import { pageOf, positionOf, type OperatorView } from "./local-view.js";

/** Does what {@link LocalView} does, for all nodes: it asks the other nodes for the rooms and sessions that they hold. */
export class WholeView implements OperatorView {
  readonly #local: OperatorView;
  readonly #directory: Directory;
  readonly #rpc: NodeRpc;
  readonly #others: () => readonly { nodeId: string }[];

  constructor(parts: {
    local: OperatorView;
    directory: Directory;
    rpc: NodeRpc;
    /** The other nodes that hold a lease. */
    others: () => readonly { nodeId: string }[];
  }) {
    this.#local = parts.local;
    this.#directory = parts.directory;
    this.#rpc = parts.rpc;
    this.#others = parts.others;
  }

  async nodes(): ReturnType<OperatorView["nodes"]> {
    const { answers, missing } = await this.#askAll(OPERATOR_RPC.node, {});
    const { nodes } = await this.#local.nodes();
    return { nodes: [...nodes, ...answers], missing };
  }

  async rooms(): ReturnType<OperatorView["rooms"]> {
    const { answers, missing } = await this.#askAll(OPERATOR_RPC.rooms, {});
    const { rooms } = await this.#local.rooms();
    return { rooms: [...rooms, ...answers.flatMap((answer) => answer.rooms)], missing };
  }

  room(roomId: string): ReturnType<OperatorView["room"]> {
    return this.#whereRoom(roomId, () => this.#local.room(roomId), OPERATOR_RPC.room);
  }

  async closeRoom(roomId: string, by: Actor | undefined): Promise<void> {
    const here = async () => (await this.#local.closeRoom(roomId, by), {});
    await this.#whereRoom(roomId, here, OPERATOR_RPC.closeRoom, by);
  }

  async sessions(filter: SessionFilter): ReturnType<OperatorView["sessions"]> {
    const { answers, missing } = await this.#askAll(OPERATOR_RPC.sessions, filter);
    const pages = [await this.#local.sessions(filter), ...answers];
    const { page, cursor } = pageOf(
      pages.flatMap(({ sessions }) => sessions),
      filter,
    );
    // A node that has more sessions has sent a full page, so the ones that it left out come after the last one on this page.
    const last = page.at(-1);
    const hasMore = cursor !== null || pages.some((one) => one.cursor !== null);
    const total = pages.reduce((sum, one) => sum + (one.total ?? one.sessions.length), 0);
    return { sessions: page, cursor: last && hasMore ? positionOf(last) : null, total, missing };
  }

  session(sessionId: string): ReturnType<OperatorView["session"]> {
    return this.#whereSession(
      sessionId,
      async () => {
        const here = await this.#local.session(sessionId);
        return here.end === null ? here : this.#lastKnown(here);
      },
      OPERATOR_RPC.session,
    );
  }

  /** When a session has moved between nodes, each of these nodes has a part of its timeline. */
  async timeline(sessionId: string): ReturnType<OperatorView["timeline"]> {
    const asked = this.#others().map(({ nodeId }) => this.#rpc.ask(nodeId, OPERATOR_RPC.timeline, { id: sessionId }));
    const parts = await Promise.allSettled([this.#local.timeline(sessionId), ...asked]);
    const known = parts.flatMap((part) => (part.status === "fulfilled" ? [part.value] : []));
    if (known.length === 0) throw worstOf(parts);
    const entries = known.flatMap((part) => part.entries).toSorted((a, b) => a.at - b.at);
    return { sessionId, entries };
  }

  async kick(sessionId: string, by: Actor | undefined): Promise<void> {
    const here = async () => (await this.#local.kick(sessionId, by), {});
    await this.#whereSession(sessionId, here, OPERATOR_RPC.kick, by);
  }

  #whereRoom<T extends JsonObject>(
    roomId: string,
    here: () => Promise<T>,
    question: Question<ById & { by?: Actor }, T>,
    by?: Actor,
  ): Promise<T> {
    const findNodes = async (): Promise<string[]> => {
      const home = await this.#directory.findRoom(roomId);
      return home ? [home.nodeId] : [];
    };
    return this.#elsewhereIfMissing(roomId, here, findNodes, question, by);
  }

  /** Only the node that held a session still knows it after its end. */
  #whereSession<T extends JsonObject>(
    sessionId: string,
    here: () => Promise<T>,
    question: Question<ById & { by?: Actor }, T>,
    by?: Actor,
  ): Promise<T> {
    return this.#elsewhereIfMissing(sessionId, here, () => this.#nodesOf(sessionId), question, by);
  }

  async #nodesOf(sessionId: string): Promise<string[]> {
    const place = await this.#directory.findSession(sessionId);
    return place ? [place.nodeId] : this.#others().map(({ nodeId }) => nodeId);
  }

  /**
   * A session that ended here may go on on another node, or may have ended there later. Returns the latest view. A node that
   * does not answer is left out.
   */
  async #lastKnown(here: NodeSession): Promise<NodeSession> {
    const id = here.id;
    const nodes = (await this.#nodesOf(id).catch(() => [])).filter((nodeId) => nodeId !== this.#directory.nodeId);
    const answers = await Promise.allSettled(
      nodes.map((nodeId) => this.#rpc.ask(nodeId, OPERATOR_RPC.session, { id })),
    );
    const views = [here, ...answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []))];
    return views.reduce((last, view) => (endOf(view) > endOf(last) ? view : last));
  }

  async #elsewhereIfMissing<T extends JsonObject>(
    id: string,
    here: () => Promise<T>,
    findNodes: () => Promise<readonly string[]>,
    question: Question<ById & { by?: Actor }, T>,
    by?: Actor,
  ): Promise<T> {
    const asked = { id, ...(by ? { by } : {}) };
    try {
      return await here();
    } catch (error) {
      if (!isMissing(error)) throw error;
      const nodes = (await findNodes()).filter((nodeId) => nodeId !== this.#directory.nodeId);
      const answers = await Promise.allSettled(nodes.map((nodeId) => this.#rpc.ask(nodeId, question, asked)));
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

function endOf({ end }: NodeSession): number {
  return end?.at ?? Infinity;
}

/** The error to report when all answers failed: a node that could not answer may be the one that has the session. */
function worstOf(answers: readonly PromiseSettledResult<unknown>[]): unknown {
  const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
  return failures.find((failure) => !isMissing(failure)) ?? failures[0];
}

function isMissing(error: unknown): boolean {
  return error instanceof LastseenError && error.code === "not_found";
}
