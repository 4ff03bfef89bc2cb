/** The list of who is in the room, present or away, and how fresh each sign of life is. */
import type { LastseenClient, Participant } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { h, icon, setAttributes, setText } from "./dom.js";
import { ago, type Freshness } from "./freshness.js";
import { moodOf, Ring } from "./ring.js";

const TICK_MS = 1_000;

interface Row {
  readonly element: HTMLElement;
  readonly ring: Ring;
  readonly name: HTMLElement;
  readonly seen: HTMLElement;
  readonly marks: HTMLElement;
  participant: Participant;
}

export class People {
  readonly element = h("ul", { class: "people", testid: "roster", "aria-label": "People in the room" });
  readonly #client: LastseenClient;
  readonly #media: LastseenMedia;
  readonly #freshness: Freshness;
  readonly #rows = new Map<string, Row>();
  readonly #releasers: (() => void)[];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(client: LastseenClient, media: LastseenMedia, freshness: Freshness) {
    this.#client = client;
    this.#media = media;
    this.#freshness = freshness;
    this.#releasers = [
      client.on("roster", ({ room }) => this.#show(room.participants)),
      client.on("left", () => this.#show([])),
      media.on("publications", () => this.#show(client.room?.participants ?? [])),
    ];
    this.#timer = setInterval(() => this.#age(), TICK_MS);
    this.#show(client.room?.participants ?? []);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const release of this.#releasers) release();
    this.#show([]);
  }

  #show(participants: readonly Participant[]): void {
    const here = new Set(participants.map(({ sessionId }) => sessionId));
    for (const [sessionId, { element }] of this.#rows) {
      if (here.has(sessionId)) continue;
      element.remove();
      this.#rows.delete(sessionId);
    }
    for (const participant of participants) {
      const row = this.#rows.get(participant.sessionId) ?? this.#newRow(participant);
      row.participant = participant;
      this.#update(row);
    }
    this.#age();
  }

  #newRow(participant: Participant): Row {
    const row: Row = {
      element: h("li", { testid: "roster-entry", "data-session-id": participant.sessionId }),
      ring: new Ring(),
      name: h("span", { class: "name", testid: "roster-name" }),
      seen: h("span", { class: "seen", testid: "freshness" }),
      marks: h("span", { class: "marks" }),
      participant,
    };
    row.element.append(row.ring.element, h("div", {}, row.name, row.seen), row.marks);
    this.#rows.set(participant.sessionId, row);
    this.element.append(row.element);
    return row;
  }

  #update({ element, name, marks, participant }: Row): void {
    const { userId, sessionId, state, metadata, producers } = participant;
    const own = sessionId === this.#client.session?.sessionId;
    setAttributes(element, { "data-state": state, "data-user-id": userId, "data-own": own });
    setText(name, own ? `${participant.name} (you)` : participant.name);
    // What one sends oneself is known here first.
    const sends = own
      ? (kind: string) => this.#media.publications.some(({ track, muted }) => track.kind === kind && !muted)
      : (kind: string) => producers.some((producer) => producer.kind === kind && !producer.paused);
    marks.replaceChildren(
      ...(metadata["hand"] === true ? [h("span", { class: "hand", title: "Hand raised" }, icon("hand"))] : []),
      icon(sends("audio") ? "mic" : "micOff"),
      icon(sends("video") ? "camera" : "cameraOff"),
    );
  }

  /** One second later. */
  #age(): void {
    const idleTimeoutMs = this.#client.session?.heartbeat.idleTimeoutMs ?? 120_000;
    for (const { element, ring, seen, participant } of this.#rows.values()) {
      const ageMs = this.#freshness.ageMs(participant);
      const left = Math.max(0, 1 - ageMs / idleTimeoutMs);
      ring.show(left, moodOf(participant.state, left));
      setAttributes(element, { "data-age-ms": Math.round(ageMs) });
      setText(seen, `${participant.state === "away" ? "away, " : ""}seen ${ago(ageMs)}`);
    }
  }
}
