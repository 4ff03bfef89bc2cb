/**
 * Who is in the room, kept up from the service's events. Every change makes a new snapshot object, so that a user
 * interface may compare by identity. A version that does not follow its predecessor means that something was missed; the
 * owner then asks for a whole snapshot.
 */
import type { EventData, Participant, RoomSnapshot } from "../protocol/messages/index.js";

type Versioned = "user_joined" | "user_left" | "user_away" | "user_back" | "metadata_changed";
type OfProducers = "new_producer" | "producer_paused" | "producer_resumed" | "producer_closed";

/** The events that a roster is made of. */
export type RosterEventType = Versioned | OfProducers;

/**
 * `gap`: applied, but something before it was missed. `stale`: older than the roster, nothing done.
 */
export type Applied = "applied" | "gap" | "stale";

const ROSTER_EVENTS: ReadonlySet<string> = new Set<RosterEventType>([
  "user_joined",
  "user_left",
  "user_away",
  "user_back",
  "metadata_changed",
  "new_producer",
  "producer_paused",
  "producer_resumed",
  "producer_closed",
]);

export function isRosterEvent(type: string): type is RosterEventType {
  return ROSTER_EVENTS.has(type);
}

export class Roster {
  #snapshot: RoomSnapshot;

  constructor(snapshot: RoomSnapshot) {
    this.#snapshot = snapshot;
  }

  get snapshot(): RoomSnapshot {
    return this.#snapshot;
  }

  find(sessionId: string): Participant | undefined {
    return this.#snapshot.participants.find((participant) => participant.sessionId === sessionId);
  }

  /** `false`: the snapshot is older than what is known. */
  replace(snapshot: RoomSnapshot): boolean {
    if (snapshot.id === this.#snapshot.id && snapshot.version < this.#snapshot.version) return false;
    this.#snapshot = snapshot;
    return true;
  }

  /** Changes the participant's own fields without a new version, as for one's own metadata. */
  amend(sessionId: string, changes: Partial<Participant>): void {
    this.#change(sessionId, (participant) => ({ ...participant, ...changes }));
  }

  apply<T extends RosterEventType>(type: T, data: EventData<T>): Applied {
    if (data.roomId !== this.#snapshot.id) return "stale";
    if (!("version" in data)) {
      this.#applyToProducers(type as OfProducers, data);
      return "applied";
    }
    const { version } = this.#snapshot;
    if (data.version <= version) return "stale";
    this.#applyToPeople(type as Versioned, data);
    this.#snapshot = { ...this.#snapshot, version: data.version };
    return data.version === version + 1 ? "applied" : "gap";
  }

  #applyToPeople(type: Versioned, data: EventData<Versioned>): void {
    switch (type) {
      case "user_joined": {
        const { participant } = data as EventData<"user_joined">;
        this.#set([...this.#others(participant.sessionId), participant]);
        return;
      }
      case "user_left":
        this.#set(this.#others((data as EventData<"user_left">).sessionId));
        return;
      case "user_away":
      case "user_back":
        this.amend((data as EventData<"user_away">).sessionId, { state: type === "user_away" ? "away" : "present" });
        return;
      case "metadata_changed": {
        const { sessionId, metadata } = data as EventData<"metadata_changed">;
        this.amend(sessionId, { metadata });
      }
    }
  }

  #applyToProducers(type: OfProducers, data: EventData<OfProducers>): void {
    const { sessionId, producerId } = data;
    this.#change(sessionId, (participant) => {
      const known = participant.producers;
      const others = known.filter(({ id }) => id !== producerId);
      if (type === "producer_closed") return { ...participant, producers: others };
      if (type === "new_producer") {
        const { kind, source, paused } = data as EventData<"new_producer">;
        const producer = source === undefined ? { kind, paused } : { kind, source, paused };
        return { ...participant, producers: [...others, { id: producerId, ...producer }] };
      }
      const paused = type === "producer_paused";
      return {
        ...participant,
        producers: known.map((producer) => (producer.id === producerId ? { ...producer, paused } : producer)),
      };
    });
  }

  #others(sessionId: string): Participant[] {
    return this.#snapshot.participants.filter((participant) => participant.sessionId !== sessionId);
  }

  #change(sessionId: string, change: (participant: Participant) => Participant): void {
    this.#set(
      this.#snapshot.participants.map((participant) =>
        participant.sessionId === sessionId ? change(participant) : participant,
      ),
    );
  }

  #set(participants: Participant[]): void {
    this.#snapshot = { ...this.#snapshot, participants };
  }
}
