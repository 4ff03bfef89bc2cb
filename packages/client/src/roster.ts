/**
 * The participants of a room, updated from the service's events. Every change makes a new snapshot object, so that a user
 * interface can compare by identity. Versions count up by one; a gap means that an event was missed, and then the owner
 * asks for a whole snapshot.
 */
import type { Participant, RoomSnapshot } from "@lastseen/protocol";
import type { ServiceEvent } from "./frame.js";

type EventOf<T extends ServiceEvent["type"]> = Extract<ServiceEvent, { type: T }>;
/** Events that move the version of the roster. */
type OfPeople = EventOf<"user_joined" | "user_left" | "user_away" | "user_back" | "name_changed" | "metadata_changed">;
type OfProducers = EventOf<"new_producer" | "producer_paused" | "producer_resumed" | "producer_closed">;

/** `gap`: applied, but an event before it was missed. `unaffected`: about something else, or known already. */
export type Applied = "applied" | "gap" | "unaffected";

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

  /** @returns `false` when the snapshot is older than the roster */
  replace(snapshot: RoomSnapshot): boolean {
    if (snapshot.id === this.#snapshot.id && snapshot.version < this.#snapshot.version) return false;
    this.#snapshot = snapshot;
    return true;
  }

  /** Changes fields of a participant without a new version, for changes by this session itself. */
  amend(sessionId: string, changes: Partial<Participant>): void {
    this.#change(sessionId, (participant) => ({ ...participant, ...changes }));
  }

  apply(event: ServiceEvent): Applied {
    switch (event.type) {
      case "user_joined":
      case "user_left":
      case "user_away":
      case "user_back":
      case "name_changed":
      case "metadata_changed":
        return this.#applyVersioned(event);
      case "new_producer":
      case "producer_paused":
      case "producer_resumed":
      case "producer_closed":
        if (event.data.roomId !== this.#snapshot.id) return "unaffected";
        this.#applyToProducers(event);
        return "applied";
      default:
        return "unaffected";
    }
  }

  #applyVersioned(event: OfPeople): Applied {
    const { id, version } = this.#snapshot;
    const { data } = event;
    if (data.roomId !== id || data.version <= version) return "unaffected";
    this.#applyToPeople(event);
    this.#snapshot = { ...this.#snapshot, version: data.version };
    return data.version === version + 1 ? "applied" : "gap";
  }

  #applyToPeople({ type, data }: OfPeople): void {
    switch (type) {
      case "user_joined":
        this.#set([...this.#others(data.participant.sessionId), data.participant]);
        return;
      case "user_left":
        this.#set(this.#others(data.sessionId));
        return;
      case "user_away":
      case "user_back":
        this.amend(data.sessionId, { state: type === "user_away" ? "away" : "present" });
        return;
      case "name_changed":
        this.amend(data.sessionId, { name: data.name });
        return;
      case "metadata_changed":
        this.amend(data.sessionId, { metadata: data.metadata });
    }
  }

  #applyToProducers({ type, data }: OfProducers): void {
    const { sessionId, producerId } = data;
    this.#change(sessionId, (participant) => {
      const known = participant.producers;
      const others = known.filter(({ id }) => id !== producerId);
      if (type === "producer_closed") return { ...participant, producers: others };
      if (type === "new_producer") {
        const { kind, source, paused } = data;
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
