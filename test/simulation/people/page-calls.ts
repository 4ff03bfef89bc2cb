import type { CallChange, LastseenClient } from "@lastseen/client";
import type { World } from "../world/world.js";
import type { Page, Surroundings } from "./page.js";

const SECOND = 1_000;
/** What becomes of a ring that is heard; what is left is not answered at all. */
const ANSWERED = 0.6;
const DECLINED = 0.15;
const TAKEN_BACK = 0.2;
/** Of a request, just the answer is lost with the line; or comes when the client has given it up, perhaps. */
const ANSWER_LOST = 0.03;
const ANSWER_LATE = 0.05;
const TALK_MS = 80 * SECOND;
/** Whoever wants to hang up and can't at the moment tries again. */
const AGAIN_MS = 5 * SECOND;
/** So long the client waits for an answer. */
const ANSWER_MS = 10 * SECOND;

type Call = NonNullable<LastseenClient["calls"]["current"]>;

/** How a call has ended for one page. */
export interface CallEnding {
  readonly page: Page;
  readonly callId: string;
  readonly reason: string;
  /** The person has ended it, and the service could not say what it had come to. */
  readonly isUntold: boolean;
}

/** What the person at a page does about calls: answers or not, goes into the call's room, and hangs up after a while. */
export class PageCalls {
  /** Told where the person wants to be now: in the room of a call, or in none of a call any more. */
  onRoom: (callRoomId: string | undefined) => void = () => {};
  /** Grows with each change of what the page shows of calls. */
  version = 0;
  readonly #page: Page;
  readonly #around: Surroundings;
  readonly #world: World;
  /** The end that the person has asked for last. */
  #asked: { callId: string; at: number } | undefined;

  /** @param friends whom the person may call, and whose status is of interest */
  constructor(page: Page, around: Surroundings, friends: readonly string[]) {
    this.#page = page;
    this.#around = around;
    this.#world = around.world;
    page.client.on("call", (change) => this.#changed(change));
    page.client.on("statuses", () => (this.version += 1));
    // What is watched is asked for again by the client itself after each hello.
    if (this.#world.chance(0.4)) this.#watch(friends);
  }

  /** Calls somebody; what becomes of it is told by the client's events. */
  start(userId: string): void {
    const { client } = this.#page;
    this.#riskAnswer();
    client.calls.start(userId, this.#world.chance(0.5) ? "audio" : "video").catch(({ code }: { code?: string }) => {
      this.#around.count("call", `not begun: ${code}`);
    });
  }

  /** Ends what rings or goes on. */
  hangUp(): void {
    const { calls } = this.#page.client;
    const { callId } = calls.current ?? {};
    if (callId === undefined) return;
    this.#ask(callId);
    this.#riskAnswer();
    calls.end().catch(() => {
      this.#later(AGAIN_MS, callId, () => this.hangUp());
    });
  }

  #ask(callId: string): void {
    this.#asked = { callId, at: this.#world.now.at };
  }

  #changed({ call, previous, reason }: CallChange): void {
    const { callNamed, note, callEnded } = this.#around;
    this.version += 1;
    if (previous && previous.callId !== call?.callId && reason) {
      note(this.#page.name, `${callNamed(previous.callId)} is over: ${reason}`);
      this.#around.count("call", `over for a page: ${reason}`);
      callEnded({ page: this.#page, callId: previous.callId, reason, isUntold: this.#isUntold(previous.callId) });
    }
    if (call) note(this.#page.name, `${callNamed(call.callId)} ${call.direction} ${call.state}`);
    if (call?.state === "active") this.#talk(call);
    else if (call?.direction === "incoming") this.#hear(call);
    else if (call) this.#wait(call);
    else if (previous?.state === "active") this.onRoom(undefined);
  }

  #riskAnswer(): void {
    const what = this.#world.random.next();
    if (what < ANSWER_LOST) {
      this.#around.count("call", "an answer is lost");
      this.#page.loseAnswer();
    } else if (what < ANSWER_LOST + ANSWER_LATE) {
      this.#around.count("call", "an answer is late");
      this.#page.delayAnswers(this.#world.between(8, 15) * SECOND);
    }
  }

  #isUntold(callId: string): boolean {
    if (this.#asked?.callId !== callId) return false;
    return !this.#page.connected || this.#world.now.at - this.#asked.at >= ANSWER_MS;
  }

  #hear({ callId }: Call): void {
    const { calls } = this.#page.client;
    const what = this.#world.random.next();
    if (what >= ANSWERED + DECLINED) return;
    this.#later(this.#world.between(0.1, 20) * SECOND, callId, () => {
      if (what >= ANSWERED) this.#ask(callId);
      this.#riskAnswer();
      const answer = what < ANSWERED ? calls.accept() : calls.decline();
      answer.catch(() => {});
    });
  }

  #wait({ callId }: Call): void {
    if (!this.#world.chance(TAKEN_BACK)) return;
    this.#later(this.#world.between(0.01, 32) * SECOND, callId, () => this.#takeBack(callId));
  }

  #takeBack(callId: string): void {
    const { calls } = this.#page.client;
    if (calls.current?.state !== "ringing") {
      this.hangUp();
      return;
    }
    this.#ask(callId);
    this.#riskAnswer();
    calls.cancel().catch(() => {});
  }

  #talk({ callId, roomId }: Call): void {
    this.onRoom(roomId);
    this.#later(this.#world.someTime(TALK_MS), callId, () => this.hangUp());
  }

  #watch(userIds: readonly string[]): void {
    const { client } = this.#page;
    client.whenConnected().then(
      () => client.calls.watch(userIds).catch(() => {}),
      () => {},
    );
  }

  /** Does something when the page can, if it is about the same call still. */
  #later(delayMs: number, callId: string, run: () => void): void {
    this.#world.after(delayMs, () => {
      this.#page.task(() => {
        if (this.#page.client.calls.current?.callId === callId) run();
      });
    });
  }
}
