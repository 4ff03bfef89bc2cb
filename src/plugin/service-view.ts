import type { Transport } from "mediasoup/types";
import type { CallerLists } from "../admin/caller-lists.js";
import { publicSession } from "../admin/public-views.js";
import { viewSession } from "../admin/session-view.js";
import type { Gateway } from "../gateway/gateway.js";
import { checkRoomId, checkUserId, LastseenError, type Participant } from "@lastseen/protocol";
import type { Service } from "../composition/service.js";
import { systemClock } from "../kernel/clock.js";
import { MOST_BLOCKED_SECONDS, type SessionView } from "@lastseen/protocol/http";
import type { BlockTarget } from "../ports/block-list.js";
import type { Session } from "../session/session.js";
import type { LastseenEvents } from "./events.js";
import type { Lastseen } from "./lastseen.js";
import { isThenable } from "./thenable.js";
import { assertEvent, translate } from "./translate.js";

const APPLICATION = { name: "application" };

/**
 * {@link Lastseen} on the service in this process. It has its own file, so that the types that an application imports do not
 * import the types of the whole service.
 */
export class ServiceView implements Lastseen {
  readonly #service: Service;
  readonly #own: Lastseen["own"];
  readonly #nodeId: string;
  readonly #callers: CallerLists;
  readonly #listenerFailed: (error: unknown, event: string) => void;
  readonly #isProxy: (address: string) => boolean;

  /** @param parts `own`: gives a transport of this process to a session; `listenerFailed`: told what a listener of the application threw; `isProxy`: whether an address is a trusted proxy */
  constructor(parts: {
    service: Service;
    own: Lastseen["own"];
    nodeId: string;
    callers: CallerLists;
    listenerFailed: (error: unknown, event: string) => void;
    isProxy: (address: string) => boolean;
  }) {
    this.#service = parts.service;
    this.#own = parts.own;
    this.#nodeId = parts.nodeId;
    this.#callers = parts.callers;
    this.#listenerFailed = parts.listenerFailed;
    this.#isProxy = parts.isProxy;
  }

  /**
   * What a second way to the gateway needs, from the value that the application has.
   *
   * @returns undefined when the value is none of ours
   */
  static insideOf(value: object): { gateway: Gateway; isProxy: (address: string) => boolean } | undefined {
    return #service in value ? { gateway: value.#service.gateway, isProxy: value.#isProxy } : undefined;
  }

  findSession(sessionId: string): SessionView | undefined {
    const session = this.#service.registry.find(sessionId);
    return session && this.#view(session);
  }

  sessionsOf(userId: string): readonly SessionView[] {
    return this.#service.registry.ofUser(userId).map((session) => this.#view(session));
  }

  whoIsIn(roomId: string): readonly Participant[] {
    const room = this.#service.rooms.find(roomId);
    return room ? this.#service.rooms.participants(room) : [];
  }

  async kick(sessionId: string): Promise<boolean> {
    const session = this.#service.registry.find(sessionId);
    return session ? this.#service.reaper.end(session, { reason: "kicked", by: APPLICATION }) : false;
  }

  async block(userId: string, { seconds, roomId }: { seconds: number; roomId?: string }): Promise<number> {
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > MOST_BLOCKED_SECONDS) {
      throw new LastseenError("bad_message", `seconds must be a whole number from 1 to ${MOST_BLOCKED_SECONDS}`);
    }
    const { expiresAt } = await this.#service.blocks.block(targetOf(userId, roomId), seconds * 1_000, APPLICATION);
    return expiresAt;
  }

  async unblock(userId: string, { roomId }: { roomId?: string } = {}): Promise<boolean> {
    try {
      await this.#service.blocks.unblock(targetOf(userId, roomId), APPLICATION);
      return true;
    } catch (error) {
      if (error instanceof LastseenError && error.code === "not_found") return false;
      throw error;
    }
  }

  async blockCaller(userId: string, callerId: string): Promise<void> {
    assertIds({ userId, callerId });
    await this.#callers.block(userId, callerId);
  }

  async unblockCaller(userId: string, callerId: string): Promise<boolean> {
    assertIds({ userId, callerId });
    return this.#callers.unblock(userId, callerId);
  }

  async blockedCallersOf(userId: string): Promise<readonly string[]> {
    assertIds({ userId });
    return this.#callers.of(userId);
  }

  own(sessionId: string, transport: Transport): boolean {
    return this.#own(sessionId, transport);
  }

  on<K extends keyof LastseenEvents>(event: K, listener: (step: LastseenEvents[K]) => unknown): () => void {
    assertEvent(event);
    const stopWaking = event === "call_ringing" ? this.#service.telephony.wakers.add() : undefined;
    const removeListener = this.#service.lifecycle.on(event, (step) => {
      const failed = (error: unknown): void => this.#listenerFailed(error, event);
      try {
        const answer = listener(translate(event, step, Math.round(systemClock.wall())));
        if (isThenable(answer)) Promise.resolve(answer).catch(failed);
      } catch (error) {
        failed(error);
      }
    });
    return () => {
      removeListener();
      stopWaking?.();
    };
  }

  #view(session: Session): SessionView {
    return publicSession(viewSession(session, this.#service.liveness, this.#nodeId));
  }
}

/** @throws LastseenError `bad_message` */
function targetOf(userId: string, roomId: string | undefined): BlockTarget {
  assertIds({ userId });
  if (roomId === undefined) return { userId };
  const fault = checkRoomId(roomId);
  if (fault !== undefined) throw new LastseenError("bad_message", `roomId ${fault}`);
  return { userId, roomId };
}

/** @throws LastseenError `bad_message` */
function assertIds(userIds: Readonly<Record<string, string>>): void {
  for (const [field, userId] of Object.entries(userIds)) {
    const fault = checkUserId(userId);
    if (fault !== undefined) throw new LastseenError("bad_message", `${field} ${fault}`);
  }
}
