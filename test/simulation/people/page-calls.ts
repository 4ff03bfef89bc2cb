import type { CallChange, LastseenClient } from "@lastseen/client";
import type { World } from "../world/world.js";
import type { Page, Surroundings } from "./page.js";

const SECOND = 1_000;
/** Shares of the rings that are answered, declined, and cancelled by the caller. Nobody answers the other rings. */
const ANSWERED = 0.6;
const DECLINED = 0.15;
const TAKEN_BACK = 0.2;
/** Shares of the requests whose answer is lost with the connection, or comes so late that the client may have given up. */
const ANSWER_LOST = 0.03;
const ANSWER_LATE = 0.05;
const TALK_MS = 80 * SECOND;
/** When a person wants to hang up and cannot at the moment, they try again after this time. */
const AGAIN_MS = 5 * SECOND;
/** The client waits for an answer for this time. */
const ANSWER_MS = 10 * SECOND;

type Call = NonNullable<LastseenClient["calls"]["current"]>;

/** How a call has ended for one page. */
export interface CallEnding {
  readonly page: Page;
  readonly callId: string;
  readonly reason: string;
  /** Whether the person has ended the call and the client did not learn the outcome from the service. */
  readonly isUntold: boolean;
}

/** A person's behaviour in calls: answers or not, joins the call's room, and hangs up after a while. */
export class PageCalls {
  /** Called with the call room that the person wants to be in; undefined when the call is over. */
  onRoom: (callRoomId: string | undefined) => void = () => {};
  /** Grows with each change of what the page shows of calls. */
  version = 0;
  readonly #page: Page;
  readonly #around: Surroundings;
  readonly #world: World;
  /** The call that the person has last asked to end, and when first. */
  #asked: { callId: string; at: number } | undefined;

  /** @param friends users that the person may call and whose status the client watches */
  constructor(page: Page, around: Surroundings, friends: readonly string[]) {
    this.#page = page;
    this.#around = around;
    this.#world = around.world;
    page.client.on("call", (change) => this.#changed(change));
    page.client.on("statuses", () => (this.version += 1));
    // After each hello the client itself asks again for the statuses that it watches.
    if (this.#world.chance(0.4)) this.#watch(friends);
  }

  /** Starts a call. The client's events tell the result. */
  start(userId: string): void {
    const { client } = this.#page;
    this.#riskAnswer();
    client.calls.start(userId, this.#world.chance(0.5) ? "audio" : "video").catch(({ code }: { code?: string }) => {
      this.#around.count("call", `not begun: ${code}`);
    });
  }

  /** Ends the call that rings or is active. */
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

  /** A person who asks twice waits for the answer to the first request. */
  #ask(callId: string): void {
    if (this.#asked?.callId !== callId) this.#asked = { callId, at: this.#world.now.at };
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
    const { connected, isCutOff } = this.#page;
    return !connected || isCutOff || this.#world.now.at - this.#asked.at >= ANSWER_MS;
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

  /** Acts when the page can, if the page still has the same call. */
  #later(delayMs: number, callId: string, run: () => void): void {
    this.#world.after(delayMs, () => {
      this.#page.task(() => {
        if (this.#page.client.calls.current?.callId === callId) run();
      });
    });
  }
}
