/** Everything that happens, in words, newest first. */
import { signal } from "@preact/signals";
import type { ClientEvents, LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { isolated } from "./names.js";
import { SentSources } from "./sent-sources.js";

/** The log forgets older entries. */
const MOST_ENTRIES = 200;

type Tone = "good" | "bad" | "warn" | "info";

interface Happening {
  readonly event: string;
  readonly tone: Tone;
  readonly text: string;
  /** Attributes of the entry, for tests. */
  readonly data?: Readonly<Record<string, string | undefined>>;
}

export interface LogEntry extends Happening {
  readonly id: number;
  readonly at: Date;
}

export class EventLog {
  readonly entries = signal<readonly LogEntry[]>([]);
  readonly #stop: (() => void)[] = [];
  #lastId = 0;

  constructor(client: LastseenClient, media: LastseenMedia) {
    this.#listen(client, media);
  }

  /** Stops listening; what is written stays. */
  close(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  #add(happening: Happening): void {
    this.#lastId += 1;
    const entry = { ...happening, id: this.#lastId, at: new Date() };
    this.entries.value = [entry, ...this.entries.value.slice(0, MOST_ENTRIES - 1)];
  }

  #listen(client: LastseenClient, media: LastseenMedia): void {
    const on = <K extends keyof ClientEvents>(
      event: K,
      describe: (data: ClientEvents[K]) => Omit<Happening, "event">,
    ) => {
      this.#stop.push(client.on(event, (data) => this.#add({ event, ...describe(data) })));
    };
    const nameOf = (sessionId: string) =>
      isolated(
        client.room?.participants.find((participant) => participant.sessionId === sessionId)?.name ?? "Somebody",
      );
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
      text: transferred
        ? `Took the meeting ${isolated(room.id)} over from another tab`
        : `You ${how} ${isolated(room.id)}`,
      data: { how, transferred: String(transferred) },
    }));
    on("left", ({ roomId, reason }) => ({
      tone: "info",
      text: `Out of ${isolated(roomId)}: ${words(reason)}`,
      data: { reason },
    }));
    on("user_joined", ({ participant }) => ({
      tone: "good",
      text: `${isolated(participant.name)} joined`,
      data: of(participant),
    }));
    on("user_left", (data) => ({
      tone: "bad",
      text: `${isolated(data.name)} is gone: ${words(data.reason)}. Left here: ${data.count}`,
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
    const sent = new SentSources();
    this.#stop.push(
      client.on("roster", ({ room }) => {
        for (const { sessionId, began, stopped } of sent.changes(room.participants)) {
          if (sessionId === client.session?.sessionId) continue;
          const say = (event: string, does: string, source: string): void =>
            this.#add({
              event,
              tone: "info",
              text: `${nameOf(sessionId)} ${does} ${source}`,
              data: { session: sessionId },
            });
          for (const source of began) say("sends", "sends", sourceWords(source));
          for (const source of stopped) say("stopped_sending", "stopped sending", sourceWords(source));
        }
      }),
    );
    on("media_reset", ({ reason }) => ({ tone: "warn", text: `Media is renewed: ${words(reason)}` }));
    on("session_transferred", () => ({ tone: "warn", text: "The meeting was switched to another tab" }));
    on("server_closing", () => ({ tone: "warn", text: "The service restarts" }));
    on("room_closed", ({ reason }) => ({ tone: "bad", text: `The room was closed: ${words(reason)}` }));
    on("error", ({ code, message }) => ({ tone: "bad", text: `${words(code)}: ${message}` }));
    this.#stop.push(
      media.on("rebuilt", ({ direction }) =>
        this.#add({
          event: "rebuilt",
          tone: "warn",
          text: `Media ${direction === "send" ? "out" : "in"} is made anew`,
        }),
      ),
      media.on("error", ({ doing, error }) =>
        this.#add({ event: "media_error", tone: "bad", text: `Could not ${doing}: ${(error as Error).message}` }),
      ),
    );
  }
}

const SOURCES: Readonly<Record<string, string>> = {
  mic: "sound",
  camera: "a picture",
  screen: "the screen",
  "screen-audio": "the sound of the screen",
};

/** What somebody sends. A source that an application has named itself is shown as it is. */
function sourceWords(source: string): string {
  return SOURCES[source] ?? source;
}

/** A code as words. */
function words(code: string): string {
  return code.replaceAll("_", " ");
}
