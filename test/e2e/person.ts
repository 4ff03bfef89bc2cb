import type { Browser, Page } from "playwright-core";
import type { LastseenClient } from "@lastseen/client";
import type { LastseenMedia } from "@lastseen/client/media";
import { PATIENCE_MS, until } from "../support/until.js";

declare global {
  interface Window {
    /** What the demo page offers to tests and to curious people. */
    lastseen?: { client: LastseenClient; media: LastseenMedia };
    /** What {@link Person.listen} wrote down. */
    heard?: { event: string; sessionId?: string; reason?: string }[];
  }
}

/** What a page has received so far of each present stream: packets of sound, frames of video. */
type Received = Record<string, { kind: string; count: number }>;

/** Somebody in a call: a page with a storage of its own. */
export class Person {
  readonly name: string;
  readonly browser: Browser;
  readonly page: Page;

  constructor(name: string, browser: Browser, page: Page) {
    this.name = name;
    this.browser = browser;
    this.page = page;
  }

  /** Opens a second tab of the same user. It joins by itself as the first one did. */
  async openTab(): Promise<Person> {
    const page = await this.page.context().newPage();
    await page.goto(this.page.url());
    const tab = new Person(this.name, this.browser, page);
    await tab.joined();
    await tab.listen();
    return tab;
  }

  /** Waits until the page is in its room. */
  async joined(): Promise<void> {
    await this.page.waitForFunction(() => window.lastseen?.client.room !== undefined);
  }

  sessionId(): Promise<string> {
    return this.page.evaluate(() => window.lastseen?.client.session?.sessionId ?? "");
  }

  /** The epoch of the session, as the page knows it. */
  epoch(): Promise<number> {
    return this.page.evaluate(() => window.lastseen?.client.session?.epoch ?? 0);
  }

  /** The roster, as the page knows it. */
  roster(): Promise<{ name: string; state: string; sessionId: string }[]> {
    return this.page.evaluate(
      () =>
        window.lastseen?.client.room?.participants.map(({ name, state, sessionId }) => ({ name, state, sessionId })) ??
        [],
    );
  }

  /** Begins to write down the events of the client. Called once, right after joining. */
  async listen(): Promise<void> {
    await this.page.evaluate(() => {
      const heard: { event: string; sessionId?: string; reason?: string }[] = [];
      window.heard = heard;
      const client = window.lastseen?.client;
      client?.on("user_away", ({ sessionId, reason }) => heard.push({ event: "user_away", sessionId, reason }));
      client?.on("user_joined", ({ participant }) =>
        heard.push({ event: "user_joined", sessionId: participant.sessionId }),
      );
      client?.on("user_back", ({ sessionId, reason }) => heard.push({ event: "user_back", sessionId, reason }));
      client?.on("user_left", ({ sessionId, reason }) => heard.push({ event: "user_left", sessionId, reason }));
      client?.on("state", ({ state }) => heard.push({ event: `state ${state}` }));
      client?.on("media_reset", () => heard.push({ event: "media_reset" }));
    });
  }

  /** Waits until somebody has left. Returns the reason, and whether this page saw them away before that. */
  async leaving(sessionId: string, timeoutMs = PATIENCE_MS): Promise<{ reason: string; awayBefore: boolean }> {
    const find = () =>
      this.page.evaluate((id) => {
        const theirs = (window.heard ?? []).filter((entry) => entry.sessionId === id);
        const left = theirs.find(({ event }) => event === "user_left");
        return left && { reason: left.reason ?? "", awayBefore: theirs.some(({ event }) => event === "user_away") };
      }, sessionId);
    await until(async () => (await find()) !== undefined, timeoutMs);
    return (await find()) ?? { reason: "", awayBefore: false };
  }

  /** The roster events about somebody that this page received, oldest first. */
  heardAbout(sessionId: string): Promise<string[]> {
    return this.page.evaluate(
      (id) => (window.heard ?? []).filter((entry) => entry.sessionId === id).map(({ event }) => event),
      sessionId,
    );
  }

  /** What happened to this person's own connection and media since joining: nothing, if all is well. */
  disturbances(): Promise<string[]> {
    return this.page.evaluate(() =>
      (window.heard ?? []).filter(({ sessionId }) => sessionId === undefined).map(({ event }) => event),
    );
  }

  /** The browser's main process. */
  async process(): Promise<{ pid: number }> {
    const [browser] = await this.#processes("browser");
    if (browser === undefined) throw new Error("the browser has no process");
    return { pid: browser };
  }

  /**
   * Waits until audio and video of the others come in, measured from now. A stream may end meanwhile, because somebody
   * leaves or a transport is lost: what it brought still counts. A new stream counts from its beginning.
   */
  async hearsAndSees(timeoutMs = PATIENCE_MS): Promise<void> {
    const came = { audio: 0, video: 0 };
    let before = await this.#received();
    await until(async () => {
      const now = await this.#received();
      for (const [id, { kind, count }] of Object.entries(now)) {
        const known = before[id]?.count ?? 0;
        came[kind === "audio" ? "audio" : "video"] += count < known ? count : count - known;
      }
      before = now;
      return came.audio > 20 && came.video > 5;
    }, timeoutMs);
  }

  #received(): Promise<Received> {
    return this.page.evaluate(async () => {
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

  /** Sends a signal to every renderer of this person's own browser. */
  async signalRenderers(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    for (const pid of await this.#processes("renderer")) process.kill(pid, signal);
  }

  async #processes(kind: "browser" | "renderer"): Promise<number[]> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.filter(({ type }) => type === kind).map(({ id }) => id);
  }
}
