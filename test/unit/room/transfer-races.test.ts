// The checks run a million times, and an `assert` takes much less time than an `expect` of vitest.
import assert from "node:assert/strict";
import { test } from "vitest";
import { LastseenError } from "@lastseen/protocol";
import type { Session } from "../../../src/session/session.js";
import { HesitantDirectory, HesitantMedia } from "../../support/hesitant.js";
import { Random } from "../../support/random.js";
import { RecordingConnection, World } from "../../support/world.js";

const RACES = 10_000;
const EXPECTED = new Set(["fenced", "already_joined", "rate_limited", "session_gone"]);

/** One tab as its page sees it: a connection, the session that it believes to own, and what it may resume with. */
interface Tab {
  connection: RecordingConnection;
  session: Session;
  token: string;
}

class Race {
  readonly random: Random;
  readonly media: HesitantMedia;
  readonly world: World;
  readonly tabs: Tab[] = [];
  readonly epochs = new Map<string, number>();
  readonly unexpected: unknown[] = [];
  /** How often a tab has got its session back because the new tab had failed. */
  givenBack = 0;
  readonly #identity = { userId: "ada", name: "Ada", rooms: undefined, calls: true, expiresAt: Infinity };

  constructor(seed: number) {
    this.random = new Random(seed);
    this.media = new HesitantMedia(this.random);
    this.world = new World({ media: this.media, directory: (clock) => new HesitantDirectory(clock, this.random) });
  }

  async run(): Promise<void> {
    const tabs = 2 + this.random.below(2);
    for (let index = 0; index < tabs; index++) this.tabs.push(this.#open(index));
    const steps: Promise<void>[] = [];
    for (let step = 0; step < 12; step++) {
      steps.push(this.#step(this.random.below(tabs)));
      this.#checkEpochs();
      for (let turns = this.random.below(5); turns > 0; turns--) await Promise.resolve();
      this.#checkOwners();
    }
    await Promise.all(steps);
    await this.world.clock.advance(0);
    this.#checkEpochs();
    this.#checkOwners();
    await this.#checkLeftovers();
  }

  #open(index: number): Tab {
    const connection = new RecordingConnection();
    const session = this.world.sessions.open(this.#identity, `tab-${index}`, connection);
    return { connection, session, token: session.resumeToken.text ?? "" };
  }

  async #step(index: number): Promise<void> {
    const tab = this.tabs[index];
    if (!tab) return;
    const { world } = this;
    if (tab.connection.closedAs === "serviceRestart") return this.#comeBack(tab, index);
    switch (this.random.pick(["join", "join", "join", "close", "reload", "leave", "over", "failed media"])) {
      case "join":
        return this.#join(tab);
      case "leave":
        if (tab.session.isOwnedBy(tab.connection)) await world.reaper.leaveRoom(tab.session, { reason: "left" });
        return;
      case "over":
        tab.session.tabBefore?.media.finish();
        return;
      case "failed media":
        for (const { media } of this.media.given) media.isWhole = this.random.below(2) === 0;
        return;
      case "close":
        world.sessions.detach(tab.session, tab.connection, 1001);
        this.tabs[index] = this.#open(index);
        return;
      default:
        return this.#reload(tab, index);
    }
  }

  async #join({ connection, session }: Tab): Promise<void> {
    const tab = this.tabs.find((candidate) => candidate.connection === connection);
    try {
      session.assertOwnedBy(connection);
      const sources = this.random.below(2) === 0 ? ["mic"] : [];
      const request = { session, connection, roomId: "daily", metadata: undefined, onDuplicate: undefined, sources };
      await this.world.admission.admit(request, (admitted) => {
        if (tab) [tab.session, tab.token] = [admitted.session, admitted.session.resumeToken.text ?? ""];
      });
    } catch (error) {
      if (!(error instanceof LastseenError && EXPECTED.has(error.code))) this.unexpected.push(error);
    }
  }

  #reload(tab: Tab, index: number): void {
    const { session, connection } = tab;
    const isTabBefore = session.tabBefore !== undefined;
    const owned = session.isOwnedBy(connection);
    this.world.sessions.detach(session, connection, 1001);
    // What the tab before this one still sends goes on; that tab is asked to come back.
    this.#resume(tab, index, owned && !isTabBefore);
  }

  /** The tab that this one had given way to is gone. */
  #comeBack(tab: Tab, index: number): void {
    const { session, token } = tab;
    const isHis = session.status === "open" && session.resumeToken.matches(token);
    if (isHis) {
      this.givenBack += 1;
      assert.equal(session.connection, undefined);
    }
    this.#resume(tab, index, isHis);
  }

  #resume({ session: { id: sessionId }, token }: Tab, index: number, isHis: boolean): void {
    const connection = new RecordingConnection();
    const outcome = this.world.sessions.resume({ sessionId, resumeToken: token }, this.#identity, connection);
    assert.equal(outcome.kind, isHis ? "resumed" : "refused");
    if (outcome.kind === "refused") this.tabs[index] = this.#open(index);
    else this.tabs[index] = { ...outcome, connection, token: outcome.session.resumeToken.text ?? "" };
  }

  /** At any moment one participant at the most, and no connection that owns two sessions. */
  #checkOwners(): void {
    const room = this.world.rooms.find("daily");
    assert.ok((room?.members.size ?? 0) <= 1, "two participants");
    const owners = [...this.world.registry.all()].flatMap(({ connection }) => connection ?? []);
    assert.equal(new Set(owners).size, owners.length, "a connection owns two sessions");
    for (const { tabBefore, connection, participation } of this.world.registry.all()) {
      const media = this.media.given.find((place) => place.media === participation?.media)?.media;
      assert.equal(tabBefore?.media, media?.change, "a change of tabs that only one of the two knows");
      assert.ok(tabBefore === undefined || tabBefore.connection !== connection, "a tab comes before itself");
    }
  }

  #checkEpochs(): void {
    for (const { id, epoch } of this.world.registry.all()) {
      assert.ok(epoch >= (this.epochs.get(id) ?? 1), "an epoch went back");
      this.epochs.set(id, epoch);
    }
  }

  /** What a loser left behind: media that is open, an entry in the directory, a session that nobody forgot. */
  async #checkLeftovers(): Promise<void> {
    assert.deepEqual(this.unexpected, []);
    assert.deepEqual(this.world.errors, []);
    const members = [...(this.world.rooms.find("daily")?.members.values() ?? [])];
    const open = this.media.given.filter(({ media }) => !media.closed).map(({ media }) => media);
    const inUse = members.map((member) => member.participation?.media);
    assert.ok(open.length === inUse.length && open.every((media, index) => media === inUse[index]), "media left open");
    const sessions = [...this.world.registry.all()];
    const listed = await this.world.directory.counts();
    assert.deepEqual(listed, { rooms: members.length, sessions: sessions.length });
    for (const session of sessions) assert.equal(session.status, "open");
  }
}

test(`${RACES} random races of two and three tabs: one owner, growing epochs, nothing left of the losers`, async () => {
  let givenBack = 0;
  for (let seed = 1; seed <= RACES; seed++) {
    try {
      const race = new Race(seed);
      await race.run();
      givenBack += race.givenBack;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  assert.ok(givenBack > RACES / 200, `only ${givenBack} tabs got their session back`);
}, 120_000);
