import type { LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { PATIENCE_MS, until } from "../support/until.js";

declare global {
  interface Window {
    /** What the demo page offers to tests and to curious people. */
    lastseen?: { client: LastseenClient; media: LastseenMedia };
    /** What {@link Participant.listen} wrote down. */
    heard?: Heard[];
  }
}

/** One event of the client. `at`: epoch ms. */
export interface Heard {
  event: string;
  at: number;
  sessionId?: string;
  reason?: string;
}

/** What a page has received so far of each present stream: packets of sound, frames of video. */
type Received = Record<string, { kind: string; count: number }>;

/** What a test needs of a page, whatever drives its browser. */
export interface PageInside {
  /** Runs a function in the page; it can use nothing from outside but the text. */
  evaluate<R>(run: (text: string) => R | Promise<R>, text?: string): Promise<R>;
  /** Waits until a function returns something true in the page, also across a reload. */
  holds(run: () => unknown): Promise<void>;
}

/** Somebody with the demo page, in any browser. */
export class Participant {
  readonly name: string;
  readonly inside: PageInside;

  constructor(name: string, inside: PageInside) {
    this.name = name;
    this.inside = inside;
  }

  /** Waits until the page is in its room. */
  joined(): Promise<void> {
    return this.inside.holds(() => window.lastseen?.client.room !== undefined);
  }

  sessionId(): Promise<string> {
    return this.inside.evaluate(() => window.lastseen?.client.session?.sessionId ?? "");
  }

  /** The epoch of the session, as the page knows it. */
  epoch(): Promise<number> {
    return this.inside.evaluate(() => window.lastseen?.client.session?.epoch ?? 0);
  }

  /** The roster, as the page knows it. */
  roster(): Promise<{ name: string; state: string; sessionId: string }[]> {
    return this.inside.evaluate(
      () =>
        window.lastseen?.client.room?.participants.map(({ name, state, sessionId }) => ({ name, state, sessionId })) ??
        [],
    );
  }

  /** Begins to write down the events of the client. Called once, right after joining. */
  async listen(): Promise<void> {
    await this.inside.evaluate(() => {
      const heard: Heard[] = [];
      window.heard = heard;
      const hear = (event: string, about: { sessionId?: string; reason?: string } = {}) => {
        const { sessionId, reason } = about;
        heard.push({ event, at: Date.now(), ...(sessionId && { sessionId }), ...(reason && { reason }) });
      };
      const client = window.lastseen?.client;
      client?.on("user_away", (about) => hear("user_away", about));
      client?.on("user_joined", ({ participant: { sessionId } }) => hear("user_joined", { sessionId }));
      client?.on("user_back", (about) => hear("user_back", about));
      client?.on("user_left", (about) => hear("user_left", about));
      client?.on("state", ({ state }) => hear(`state ${state}`));
      client?.on("media_reset", () => hear("media_reset"));
    });
  }

  /** Waits until somebody has left. Returns the reason, and whether this page saw them away before that. */
  async leaving(sessionId: string, timeoutMs = PATIENCE_MS): Promise<{ reason: string; awayBefore: boolean }> {
    let about: Heard[] = [];
    const left = () => about.find(({ event }) => event === "user_left");
    await until(async () => {
      about = await this.heard(sessionId);
      return left() !== undefined;
    }, timeoutMs);
    return { reason: left()?.reason ?? "", awayBefore: about.some(({ event }) => event === "user_away") };
  }

  /** The roster events about somebody that this page received, oldest first. */
  heard(sessionId: string): Promise<Heard[]> {
    return this.inside.evaluate((id) => (window.heard ?? []).filter((entry) => entry.sessionId === id), sessionId);
  }

  /** The names of these events. */
  async heardAbout(sessionId: string): Promise<string[]> {
    return (await this.heard(sessionId)).map(({ event }) => event);
  }

  /** What happened to this person's own connection and media since joining: nothing, if all is well. */
  disturbances(): Promise<string[]> {
    return this.inside.evaluate(() =>
      (window.heard ?? []).filter(({ sessionId }) => sessionId === undefined).map(({ event }) => event),
    );
  }

  /**
   * Waits until audio and video of the others come in, measured from now. A stream may end meanwhile, because somebody
   * leaves or a transport is lost: what it brought still counts. A new stream counts from its beginning.
   */
  hearsAndSees(timeoutMs = PATIENCE_MS): Promise<void> {
    return this.#comes((packets, frames) => packets > 20 && frames > 5, timeoutMs);
  }

  /** Like {@link hearsAndSees}, where nobody sends a picture. */
  hears(): Promise<void> {
    return this.#comes((packets) => packets > 20, PATIENCE_MS);
  }

  async #comes(isEnough: (packets: number, frames: number) => boolean, timeoutMs: number): Promise<void> {
    const came = { audio: 0, video: 0 };
    let before = await this.#received();
    await until(async () => {
      const now = await this.#received();
      for (const [id, { kind, count }] of Object.entries(now)) {
        const known = before[id]?.count ?? 0;
        came[kind === "audio" ? "audio" : "video"] += count < known ? count : count - known;
      }
      before = now;
      return isEnough(came.audio, came.video);
    }, timeoutMs);
  }

  #received(): Promise<Received> {
    return this.inside.evaluate(async () => {
      const received: Received = {};
      const report = (await window.lastseen?.media.getStats("recv")) ?? [];
      for (const stat of (report as RTCStatsReport).values()) {
        if (stat.type !== "inbound-rtp") continue;
        const count = stat.kind === "audio" ? stat.packetsReceived : stat.framesDecoded;
        received[stat.id] = { kind: stat.kind, count: count ?? 0 };
      }
      return received;
    });
  }
}
