/**
 * The participants of a room, updated from the service's events. Every change makes a new snapshot object, so that a user
 * interface can compare by identity. Versions count up by one; a gap means that an event was missed, and then the owner
 * asks for a whole snapshot. The list of a large room comes in pages.
 */
import type { ListedParticipant, Participant, ReplyData, RoomSnapshot } from "@lastseen/protocol";
import type { RoomState } from "./events.js";
import type { ServiceEvent } from "./frame.js";

type EventOf<T extends ServiceEvent["type"]> = Extract<ServiceEvent, { type: T }>;
/** Events that move the version of the roster. */
type OfPeople = EventOf<
  "user_joined" | "user_left" | "user_away" | "user_back" | "name_changed" | "metadata_changed" | "roster_changed"
>;
type OfProducers = EventOf<"new_producer" | "producer_paused" | "producer_resumed" | "producer_closed">;

/** `gap`: applied, but an event before it was missed. `unaffected`: about something else, or known already. */
export type Applied = "applied" | "gap" | "unaffected";

export class Roster {
  #snapshot: RoomState;
  /** Participants of before, whom no page of the new list has named yet. They stay until the last page has come. */
  #unconfirmed = new Set<string>();

  /** @param before what was known of the room before */
  constructor(snapshot: RoomSnapshot, before?: RoomState) {
    this.#snapshot = this.#begin(snapshot, before?.id === snapshot.id ? before.participants : []);
  }

  get snapshot(): RoomState {
    return this.#snapshot;
  }

  find(sessionId: string): Participant | undefined {
    return this.#snapshot.participants.find((participant) => participant.sessionId === sessionId);
  }

  /** @returns `false` when the snapshot is older than the roster */
  replace(snapshot: RoomSnapshot): boolean {
    if (snapshot.id === this.#snapshot.id && snapshot.version < this.#snapshot.version) return false;
    this.#snapshot = this.#begin(snapshot, this.#snapshot.participants);
    return true;
  }

  /** Adds the page that {@link RoomSnapshot.next} of the snapshot asks for. @returns `false` when an event before it was missed */
  add({ participants, next, version }: ReplyData<"getParticipants">): boolean {
    if (version > this.#snapshot.version) return false;
    const { next: _, ...snapshot } = this.#snapshot;
    this.#snapshot = next === undefined ? snapshot : { ...snapshot, next };
    this.#put(participants.map(whole));
    if (next === undefined) this.#remove(this.#unconfirmed);
    return true;
  }

  /** This session is a participant now. */
  listed(): void {
    const { role: _, ...snapshot } = this.#snapshot;
    this.#snapshot = snapshot;
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
      case "roster_changed":
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
        this.#put([data.participant]);
        return;
      case "user_left":
        this.#remove(new Set([data.sessionId]));
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
        return;
      case "roster_changed":
        this.#applyBatch(data);
    }
  }

  #applyBatch({ count, audience, joined = [], left = [], away = [], back = [], changed = [] }: Batch): void {
    this.#snapshot = { ...this.#snapshot, count, audience };
    this.#remove(new Set(left.flatMap(({ sessionIds }) => sessionIds)));
    this.#put(joined.map(whole));
    const changes = new Map<string, Partial<Participant>>();
    const add = (id: string, change: Partial<Participant>) => changes.set(id, { ...changes.get(id), ...change });
    for (const id of away) add(id, { state: "away" });
    for (const id of back) add(id, { state: "present" });
    for (const { sessionId, ...change } of changed) add(sessionId, change);
    if (changes.size === 0) return;
    this.#set(this.#snapshot.participants.map((one) => ({ ...one, ...changes.get(one.sessionId) })));
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

  /** Begins a list. When pages follow, those who were known before stay until the last page has come. */
  #begin(snapshot: RoomSnapshot, before: readonly Participant[]): RoomState {
    const { participants, next, audience = 0, count = participants.length } = snapshot;
    const named = new Set(participants.map(({ sessionId }) => sessionId));
    const kept = next === undefined ? [] : before.filter(({ sessionId }) => !named.has(sessionId));
    this.#unconfirmed = new Set(kept.map(({ sessionId }) => sessionId));
    return { ...snapshot, participants: [...participants, ...kept], count, audience };
  }

  /** Adds participants at the end, or in the place of what was known of them. */
  #put(added: readonly Participant[]): void {
    const known = new Map(added.map((participant) => [participant.sessionId, participant]));
    for (const id of known.keys()) this.#unconfirmed.delete(id);
    this.#set([...this.#snapshot.participants.filter(({ sessionId }) => !known.has(sessionId)), ...known.values()]);
  }

  #remove(sessionIds: ReadonlySet<string>): void {
    this.#set(this.#snapshot.participants.filter(({ sessionId }) => !sessionIds.has(sessionId)));
  }

  #change(sessionId: string, change: (participant: Participant) => Participant): void {
    this.#set(
      this.#snapshot.participants.map((participant) =>
        participant.sessionId === sessionId ? change(participant) : participant,
      ),
    );
  }

  #set(participants: Participant[]): void {
    const { next, audience, count } = this.#snapshot;
    const all = next === undefined ? participants.length + audience : count;
    this.#snapshot = { ...this.#snapshot, participants, count: all };
  }
}

type Batch = EventOf<"roster_changed">["data"];

/** A participant of a large room, with the values that its service has left out. */
function whole(listed: ListedParticipant): Participant {
  const { userId, joinedAt } = listed;
  return { name: userId, state: "present", lastSeenAt: joinedAt, metadata: {}, producers: [], ...listed };
}
