import type { Questions } from "../cluster/questions.js";
import { LastseenError } from "../protocol/errors.js";
import type { JsonObject } from "../protocol/messages/index.js";
import type { Directory } from "../session/directory.js";
import {
  pageOf,
  positionOf,
  type OperatorView,
  type RoomDetail,
  type RoomSummary,
  type SessionFilter,
  type SessionHistory,
  type SessionPage,
} from "./operator-view.js";
import type { SessionView } from "./session-view.js";

/** What a node answers when another one asks for the whole service; see {@link WholeView}. */
export function answersFrom(local: OperatorView): Record<string, (data: JsonObject) => Promise<JsonObject>> {
  const idOf = (data: JsonObject): string => (typeof data["id"] === "string" ? data["id"] : "");
  return {
    rooms: () => local.rooms(),
    room: (data) => local.room(idOf(data)),
    closeRoom: (data) => local.closeRoom(idOf(data)).then(() => ({})),
    sessions: (data) => local.sessions(data as unknown as SessionFilter),
    session: (data) => local.session(idOf(data)),
    timeline: (data) => local.timeline(idOf(data)),
    kick: (data) => local.kick(idOf(data)).then(() => ({})),
  };
}

/** Sees and does what {@link LocalView} does, on all nodes: what is not here is asked for where it is. */
export class WholeView implements OperatorView {
  readonly #local: OperatorView;
  readonly #directory: Directory;
  readonly #questions: Questions;
  readonly #others: () => readonly { nodeId: string }[];

  constructor(parts: {
    local: OperatorView;
    directory: Directory;
    questions: Questions;
    /** The other nodes that are there. */
    others: () => readonly { nodeId: string }[];
  }) {
    this.#local = parts.local;
    this.#directory = parts.directory;
    this.#questions = parts.questions;
    this.#others = parts.others;
  }

  async rooms(): ReturnType<OperatorView["rooms"]> {
    const { answers, missing } = await this.#askAll("rooms", {});
    const { rooms } = await this.#local.rooms();
    return { rooms: [...rooms, ...answers.flatMap((answer) => answer["rooms"] as RoomSummary[])], missing };
  }

  room(roomId: string): Promise<RoomDetail> {
    return this.#whereRoom(roomId, () => this.#local.room(roomId), "room");
  }

  async closeRoom(roomId: string): Promise<void> {
    await this.#whereRoom(roomId, () => this.#local.closeRoom(roomId), "closeRoom");
  }

  async sessions(filter: SessionFilter): ReturnType<OperatorView["sessions"]> {
    const { answers, missing } = await this.#askAll("sessions", filter);
    const pages = [await this.#local.sessions(filter), ...(answers as SessionPage[])];
    const page = pageOf(
      pages.flatMap(({ sessions }) => sessions),
      filter,
    );
    // A node that has more has sent a full page, so that whatever it left out comes after the last that is shown.
    const last = page.sessions.at(-1);
    const hasMore = page.cursor !== null || pages.some(({ cursor }) => cursor !== null);
    return { sessions: page.sessions, cursor: last && hasMore ? positionOf(last) : null, missing };
  }

  session(sessionId: string): Promise<SessionView> {
    return this.#whereSession(sessionId, () => this.#local.session(sessionId), "session");
  }

  timeline(sessionId: string): Promise<SessionHistory> {
    return this.#whereSession(sessionId, () => this.#local.timeline(sessionId), "timeline");
  }

  async kick(sessionId: string): Promise<void> {
    await this.#whereSession(sessionId, () => this.#local.kick(sessionId), "kick");
  }

  async #whereRoom<T>(roomId: string, here: () => Promise<T>, question: string): Promise<T> {
    return this.#elsewhereIfMissing(
      here,
      async () => {
        const home = await this.#directory.findRoom(roomId);
        return home ? [home.nodeId] : [];
      },
      question,
      roomId,
    );
  }

  /** Of a session that has ended only the node knows that held it, whichever that was. */
  async #whereSession<T>(sessionId: string, here: () => Promise<T>, question: string): Promise<T> {
    return this.#elsewhereIfMissing(
      here,
      async () => {
        const place = await this.#directory.findSession(sessionId);
        return place ? [place.nodeId] : this.#others().map(({ nodeId }) => nodeId);
      },
      question,
      sessionId,
    );
  }

  async #elsewhereIfMissing<T>(
    here: () => Promise<T>,
    findNodes: () => Promise<readonly string[]>,
    question: string,
    id: string,
  ): Promise<T> {
    try {
      return await here();
    } catch (error) {
      if (!(error instanceof LastseenError) || error.code !== "not_found") throw error;
      const nodes = (await findNodes()).filter((nodeId) => nodeId !== this.#directory.nodeId);
      const answers = await Promise.allSettled(nodes.map((nodeId) => this.#questions.ask(nodeId, question, { id })));
      const found = answers.find((answer) => answer.status === "fulfilled");
      if (found) return found.value as T;
      throw error;
    }
  }

  async #askAll(question: string, data: JsonObject): Promise<{ answers: JsonObject[]; missing: string[] }> {
    const nodes = this.#others().map(({ nodeId }) => nodeId);
    const answers = await Promise.allSettled(nodes.map((nodeId) => this.#questions.ask(nodeId, question, data)));
    return {
      answers: answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : [])),
      missing: nodes.filter((_, index) => answers[index]?.status === "rejected"),
    };
  }
}
