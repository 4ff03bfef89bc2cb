import type { EventData, LeaveReason, ListedParticipant } from "@lastseen/protocol";
import type { Session } from "../session/session.js";

type ChangedField = "state" | "name" | "metadata";
/** What `roster_changed` tells about participants. */
type Told = Pick<EventData<"roster_changed">, "joined" | "left" | "away" | "back" | "changed">;

/**
 * Collects the changes of a roster until the members are told. It tells states, and not steps: who is in the list now that was not
 * there before, and what the changed participants are now. So a client may have learned some of it from a snapshot already, and
 * somebody who was away and came back in between costs nothing.
 */
export class RosterChanges {
  readonly #joined = new Set<string>();
  readonly #left = new Map<string, LeaveReason>();
  readonly #changed = new Map<string, Set<ChangedField>>();
  joined(sessionId: string): void {
    this.#left.delete(sessionId);
    this.#changed.delete(sessionId);
    this.#joined.add(sessionId);
  }

  left(sessionId: string, reason: LeaveReason): void {
    this.#joined.delete(sessionId);
    this.#changed.delete(sessionId);
    this.#left.set(sessionId, reason);
  }

  /** The participant is in the list. */
  changed(sessionId: string, field: ChangedField): void {
    if (this.#joined.has(sessionId)) return;
    const fields = this.#changed.get(sessionId);
    if (fields) fields.add(field);
    else this.#changed.set(sessionId, new Set([field]));
  }

  /** @param listed the list as it is now */
  told(listed: ReadonlyMap<string, Session>, view: (session: Session) => ListedParticipant): Told {
    const sessions = (ids: Iterable<string>): Session[] =>
      [...ids].map((id) => listed.get(id)).filter((session) => session !== undefined);
    const withState = sessions(this.#idsWith("state"));
    return {
      ...given("joined", sessions(this.#joined).map(view)),
      ...given("left", byReason(this.#left)),
      ...given("away", idsOf(withState.filter(({ shown }) => shown === "away"))),
      ...given("back", idsOf(withState.filter(({ shown }) => shown === "present"))),
      ...given("changed", this.#texts(listed)),
    };
  }

  #idsWith(field: ChangedField): string[] {
    return [...this.#changed].filter(([, fields]) => fields.has(field)).map(([id]) => id);
  }

  #texts(listed: ReadonlyMap<string, Session>): NonNullable<Told["changed"]> {
    return [...this.#changed].flatMap(([sessionId, fields]) => {
      const session = listed.get(sessionId);
      if (!session || (!fields.has("name") && !fields.has("metadata"))) return [];
      return {
        sessionId,
        ...(fields.has("name") ? { name: session.name } : {}),
        ...(fields.has("metadata") ? { metadata: session.metadata } : {}),
      };
    });
  }
}

function byReason(left: ReadonlyMap<string, LeaveReason>): NonNullable<Told["left"]> {
  const groups = new Map<LeaveReason, string[]>();
  for (const [sessionId, reason] of left) {
    const group = groups.get(reason);
    if (group) group.push(sessionId);
    else groups.set(reason, [sessionId]);
  }
  return Array.from(groups, ([reason, sessionIds]) => ({ reason, sessionIds }));
}

function idsOf(sessions: readonly Session[]): string[] {
  return sessions.map(({ id }) => id);
}

/** The field, unless it would tell nothing. */
function given<K extends keyof Told>(name: K, items: NonNullable<Told[K]>): Pick<Told, K> | object {
  return items.length > 0 ? { [name]: items } : {};
}
