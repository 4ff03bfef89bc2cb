/** Makes the plain values that the application gets from the steps that the service emits. */
import { inspect } from "node:util";
import type { GivenUp } from "@lastseen/protocol";
import type { LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";
import type { LastseenEvents, SessionInfo } from "./events.js";

type Told<K extends keyof LastseenEvents> = Omit<LastseenEvents[K], "at">;

const TRANSLATIONS: { readonly [K in keyof LastseenEvents]: (step: LifecycleEvents[K]) => Told<K> } = {
  opened: ({ session }) => ({ session: infoOf(session) }),
  detached: ({ session, closeCode, cause }) => ({ session: infoOf(session), closeCode, cause }),
  resumed: ({ session, replaced, mediaReset = null }) => ({ session: infoOf(session), replaced, mediaReset }),
  adopted: ({ session, fromNodeId }) => ({ session: infoOf(session), fromNodeId }),
  renamed: ({ session }) => ({ session: infoOf(session) }),
  joined: ({ session, roomId }) => ({ session: infoOf(session), roomId }),
  transferred: ({ session, fromTabId }) => ({ session: infoOf(session), fromTabId }),
  away: ({ session, cause, sinceLastSignMs }) => ({ session: infoOf(session), cause, sinceLastSignMs }),
  back: ({ session }) => ({ session: infoOf(session) }),
  ghost_found: ({ session, verdict }) => ({ session: infoOf(session), cause: verdict.cause }),
  left: ({ session, roomId, reason, cause = null, sinceLastSignMs, givenUp }) => ({
    session: infoOf(session),
    roomId,
    reason,
    cause,
    sinceLastSignMs,
    goesOnElsewhere: goesOn(givenUp),
  }),
  ended: ({ session, reason, cause = null, givenUp }) => ({
    session: infoOf(session),
    reason,
    cause,
    evidence: session.conclusion?.evidence ?? null,
    goesOnElsewhere: goesOn(givenUp),
  }),
  cleanup_failed: ({ session, step, attempt, error }) => ({
    session: infoOf(session),
    step,
    attempt,
    message: error instanceof Error ? error.message : inspect(error),
  }),
  cleaned: ({ session, reason, result, attempts, durationMs, givenUp }) => ({
    session: infoOf(session),
    reason,
    result,
    attempts,
    durationMs,
    goesOnElsewhere: goesOn(givenUp),
  }),
  user_blocked: ({ block: { userId, roomId = null, expiresAt } }) => ({ userId, roomId, expiresAt }),
  user_unblocked: ({ userId, roomId = null }) => ({ userId, roomId }),
  call_step: (call) => ({
    session: infoOf(call.session),
    step: call.step,
    callId: call.callId,
    peer: call.peer,
    kind: call.step === "call over" ? null : call.kind,
    reason: call.step === "call over" ? call.reason : null,
  }),
  call_ringing: ({ call: { callId, caller, callee, kind }, expiresAt }) => ({
    callId,
    from: { userId: caller.userId, name: caller.name },
    to: callee.userId,
    kind,
    expiresAt,
  }),
  call_refused: ({ session, to, outcome }) => ({ session: infoOf(session), peer: to, outcome }),
  call_finished: ({ callId, outcome }) => ({ callId, outcome }),
};

/** @throws TypeError when there is no such event; it names those that there are */
export function assertEvent(event: PropertyKey): asserts event is keyof LastseenEvents {
  if (Object.hasOwn(TRANSLATIONS, event)) return;
  const names = Object.keys(TRANSLATIONS).join(", ");
  throw new TypeError(`on: "${String(event)}" is no event; the events are ${names}.`);
}

/**
 * A copy that shares nothing with the service.
 *
 * @param at epoch milliseconds
 */
export function translate<K extends keyof LastseenEvents>(
  event: K,
  step: LifecycleEvents[K],
  at: number,
): LastseenEvents[K] {
  return freeze(structuredClone({ at, ...TRANSLATIONS[event](step) })) as unknown as LastseenEvents[K];
}

function infoOf({ id, userId, name, tabId, participation, epoch, openedAt, metadata }: Session): SessionInfo {
  const roomId = participation?.roster.id ?? null;
  return { sessionId: id, userId, name, tabId, roomId, epoch, openedAt, metadata };
}

function goesOn(givenUp: GivenUp | undefined): boolean {
  return givenUp !== undefined;
}

/** Freezes plain data, and everything in it. */
function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
