/** Everything that happens, in words, newest first. */
import type { ClientEvents, LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { h } from "./dom.js";

/** Older entries are let go. */
const MOST_ENTRIES = 200;

type Tone = "good" | "bad" | "warn" | "info";

interface Entry {
  readonly event: string;
  readonly tone: Tone;
  readonly text: string;
  readonly data?: Record<string, string | undefined>;
}

export class EventLog {
  readonly element = h("ol", { class: "log", testid: "log", role: "log", "aria-label": "What happened" });
  readonly #releasers: (() => void)[] = [];

  add({ event, tone, text, data = {} }: Entry): void {
    const now = new Date();
    const attributes = Object.fromEntries(Object.entries(data).map(([key, value]) => [`data-${key}`, value]));
    const entry = h(
      "li",
      { testid: "log-entry", "data-event": event, "data-tone": tone, ...attributes },
      h("time", { datetime: now.toISOString() }, now.toLocaleTimeString([], { hour12: false })),
      h("span", {}, text),
    );
    this.element.prepend(entry);
    while (this.element.childElementCount > MOST_ENTRIES) this.element.lastElementChild?.remove();
  }

  watch(client: LastseenClient, media: LastseenMedia): void {
    const on = <K extends keyof ClientEvents>(event: K, describe: (data: ClientEvents[K]) => Omit<Entry, "event">) => {
      this.#releasers.push(client.on(event, (data) => this.add({ event, ...describe(data) })));
    };
    const nameOf = (sessionId: string) =>
      client.room?.participants.find((participant) => participant.sessionId === sessionId)?.name ?? "Somebody";
    const of = (data: { userId: string; sessionId: string; reason?: string }) => ({
      user: data.userId,
      session: data.sessionId,
      reason: data.reason,
    });

    on("state", ({ state, reason }) => ({
      tone: state === "connected" ? "good" : state === "connecting" ? "info" : "warn",
      text: `Connection: ${state}${reason ? ` (${words(reason)})` : ""}`,
      data: { state, reason },
    }));
    on("retry", ({ attempt, delayMs, cause }) => ({
      tone: "warn",
      text: `Attempt ${attempt + 1} in ${(delayMs / 1000).toFixed(1)} s (${words(cause)})`,
    }));
    on("joined", ({ room, how, transferred }) => ({
      tone: "good",
      text: transferred ? `Took the meeting ${room.id} over from another tab` : `You ${how} ${room.id}`,
      data: { how, transferred: String(transferred) },
    }));
    on("left", ({ roomId, reason }) => ({
      tone: "info",
      text: `Out of ${roomId}: ${words(reason)}`,
      data: { reason },
    }));
    on("user_joined", ({ participant }) => ({
      tone: "good",
      text: `${participant.name} joined`,
      data: of(participant),
    }));
    on("user_left", (data) => ({
      tone: "bad",
      text: `${data.name} is gone: ${words(data.reason)}. Left here: ${data.participants.length}`,
      data: of(data),
    }));
    on("user_away", (data) => ({
      tone: "warn",
      text: `${nameOf(data.sessionId)} is away: ${words(data.reason)}`,
      data: of(data),
    }));
    on("user_back", (data) => ({ tone: "good", text: `${nameOf(data.sessionId)} is back`, data: of(data) }));
    on("metadata_changed", (data) => ({
      tone: "info",
      text: `${nameOf(data.sessionId)} ${data.metadata["hand"] === true ? "raised a hand" : "lowered the hand"}`,
      data: of(data),
    }));
    on("new_producer", (data) => ({
      tone: "info",
      text: `${nameOf(data.sessionId)} sends ${data.source ?? data.kind}`,
      data: of(data),
    }));
    on("producer_closed", (data) => ({
      tone: "info",
      text: `${nameOf(data.sessionId)} stopped sending`,
      data: of(data),
    }));
    on("media_reset", ({ reason }) => ({ tone: "warn", text: `Media is renewed: ${words(reason)}` }));
    on("session_transferred", () => ({ tone: "warn", text: "The meeting was switched to another tab" }));
    on("server_closing", () => ({ tone: "warn", text: "The service restarts" }));
    on("room_closed", ({ reason }) => ({ tone: "bad", text: `The room was closed: ${words(reason)}` }));
    on("error", ({ code, message }) => ({ tone: "bad", text: `${words(code)}: ${message}` }));
    this.#releasers.push(
      media.on("rebuilt", ({ direction }) =>
        this.add({ event: "rebuilt", tone: "warn", text: `Media ${direction === "send" ? "out" : "in"} is made anew` }),
      ),
      media.on("error", ({ doing, error }) =>
        this.add({ event: "media_error", tone: "bad", text: `Could not ${doing}: ${(error as Error).message}` }),
      ),
    );
  }

  /** Stops listening; what is written stays. */
  close(): void {
    for (const release of this.#releasers.splice(0)) release();
  }
}

/** A code as people read it. */
export function words(code: string): string {
  return code.replaceAll("_", " ");
}
