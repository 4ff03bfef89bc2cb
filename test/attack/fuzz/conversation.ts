/**
 * A short time of three clients with the service: each begins in some state and sends frames. Whatever they send, the service
 * answers each request once or closes the socket, and what it sends fits the protocol.
 */
import fc from "fast-check";
import { expect } from "vitest";
import { SMALL_FRAME } from "@lastseen/protocol/codec";
import type { TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { opus } from "../../integration/media/support.js";
import { DOCUMENTED_CLOSES, faultIn } from "./answers.js";
import { CLIENTS } from "./from-schema.js";
import { anyFrame, type Frame } from "./frames.js";

/** How a client begins: as a stranger, after hello, in a room, or in a room with media. */
const START = ["stranger", "greeted", "joined", "sending"] as const;
type Start = (typeof START)[number];

export interface Conversation {
  starts: Start[];
  /** Whether each frame waits for the answer to the one before it. Then references find what the answers gave. */
  isPatient: boolean;
  /** `drop`: the client loses its socket and opens another one. */
  steps: { client: number; frame: Frame | "drop" }[];
}

/** Steps of one conversation. */
export const STEPS = 10;

export const conversations: fc.Arbitrary<Conversation> = fc.record({
  starts: fc.array(fc.constantFrom(...START), { minLength: CLIENTS, maxLength: CLIENTS }),
  isPatient: fc.boolean(),
  steps: fc.array(
    fc.record({
      client: fc.nat({ max: CLIENTS - 1 }),
      frame: fc.oneof({ weight: 25, arbitrary: anyFrame }, { weight: 1, arbitrary: fc.constant("drop" as const) }),
    }),
    { minLength: STEPS, maxLength: STEPS },
  ),
});

/** One client of the conversation, with what it has asked on its present socket. */
class Talker {
  readonly #service: TestService;
  readonly #given: Given;
  readonly #index: number;
  #client: TestClient;
  #asked = new Map<string, Asked>();
  #nextId = 1_000;

  private constructor(service: TestService, given: Given, index: number, client: TestClient) {
    this.#service = service;
    this.#given = given;
    this.#index = index;
    this.#client = client;
  }

  static async open(service: TestService, given: Given, index: number, start: Start): Promise<Talker> {
    const talker = new Talker(service, given, index, await service.connect());
    await talker.#begin(start);
    talker.#learn();
    // The frames of the test may have the ids of the requests at the start.
    talker.#client.frames.length = 0;
    return talker;
  }

  async #begin(start: Start): Promise<void> {
    if (start === "stranger") return;
    const client = this.#client;
    const id = this.#given.of("userId", this.#index);
    await client.request("hello", { user: { id, name: "Mallory" }, tabId: `tab-${this.#index}` });
    if (start === "greeted") return;
    // In a conversation of two tabs of one user, the first of them loses its session here. That is as good as any other start.
    await client.request("join", { roomId: this.#given.of("roomId", this.#index), metadata: { start } });
    if (start === "joined" || !this.#given.hasMedia) return;
    const { id: transportId } = await client.request("createTransport", { direction: "send" });
    await client.request("createTransport", { direction: "recv" });
    await client.request("produce", { transportId, kind: "audio", rtpParameters: opus() });
  }

  async send(frame: Frame | "drop", isPatient: boolean): Promise<void> {
    if (frame === "drop") {
      this.#client.socket.terminate();
      await this.finish();
      this.#client = await this.#service.connect();
      this.#asked = new Map();
      return;
    }
    this.#learn();
    const bytes = "text" in frame ? Buffer.from(this.#fill(frame.text)) : Buffer.from(frame.bytes);
    const id = "text" in frame ? this.#expectAnswer(bytes.toString()) : undefined;
    this.#client.socket.send(bytes, { binary: !("text" in frame) && frame.binary });
    if (isPatient && id !== undefined) await this.#answered(id);
  }

  /** Waits for all answers, and checks everything that has come. */
  async finish(): Promise<void> {
    for (const id of this.#asked.keys()) await this.#answered(id);
    // What would come twice has come when this is answered.
    this.#client.socket.send(`{"id":"the last one","type":"ping"}`);
    this.#asked.set('"the last one"', { types: ["ping"], least: 1, most: 1 });
    await this.#answered('"the last one"');
    this.#learn();
    const { closeCode, frames } = this.#client;
    if (closeCode !== undefined) expect(DOCUMENTED_CLOSES).toContain(closeCode);
    for (const [id, { most }] of this.#asked) expect(this.#answersTo(id), id).toBeLessThanOrEqual(most);
    for (const frame of frames) {
      const { types } = this.#asked.get(JSON.stringify(frame.id)) ?? NOT_ASKED;
      expect(faultIn(frame, types), JSON.stringify(frame).slice(0, 1_000)).toBeUndefined();
    }
  }

  async leave(): Promise<void> {
    await this.finish();
    this.#client.socket.terminate();
    await this.#client.closed();
  }

  #answersTo(id: string): number {
    return this.#client.frames.filter((frame) => frame.id !== undefined && JSON.stringify(frame.id) === id).length;
  }

  async #answered(id: string): Promise<void> {
    const { least } = this.#asked.get(id) ?? NOT_ASKED;
    const deadline = performance.now() + ANSWER_MS;
    while (this.#answersTo(id) < least && this.#client.closeCode === undefined) {
      await nextFrame(this.#client, deadline - performance.now());
      if (performance.now() > deadline) throw new Error(`the request ${id} was not answered ${least} times`);
    }
  }

  /** Notes that the frame has to be answered, when it is a request with an id. In a large frame only a plain id must be found. */
  #expectAnswer(text: string): string | undefined {
    const request = parsed(text);
    if (!request || !isRequestId(request["id"])) return undefined;
    const mustBeFound = text.length <= SMALL_FRAME || /^\{"id":\d+,/.test(text);
    const id = JSON.stringify(request["id"]);
    const type = typeof request["type"] === "string" ? request["type"] : "";
    const { types, least, most } = this.#asked.get(id) ?? NOT_ASKED;
    this.#asked.set(id, { types: [...types, type], least: least + (mustBeFound ? 1 : 0), most: most + 1 });
    return id;
  }

  #fill(text: string): string {
    const id = this.#nextId++;
    return text
      .replaceAll('"<<id>>"', String(id))
      .replaceAll('"<<rtpCapabilities>>"', this.#given.rtpCapabilities)
      .replace(/<<(\w+) (\d)>>/g, (_reference, what: string, client: string) => this.#given.of(what, Number(client)));
  }

  /** Keeps what the service has given to this client, so that everybody can refer to it. */
  #learn(): void {
    for (const { data, type } of this.#client.frames.slice(-2 * STEPS)) {
      this.#given.keep(this.#index, data, type);
    }
  }
}

/** What was asked under one id, and how many answers must and may come. */
interface Asked {
  types: readonly string[];
  least: number;
  most: number;
}

const NOT_ASKED: Asked = { types: [], least: 0, most: 0 };
const ANSWER_MS = 20_000;
/** What the service gave to the clients, by its name in the protocol. */
class Given {
  readonly hasMedia: boolean;
  rtpCapabilities = "{}";
  readonly #values: Map<string, string>[];

  constructor(run: string, hasMedia: boolean) {
    this.hasMedia = hasMedia;
    this.#values = Array.from({ length: CLIENTS }, (_, index) => {
      // The last two clients are tabs of one user.
      const userId = `${run} ${Math.min(index, CLIENTS - 2)}`;
      return new Map([
        ["userId", userId],
        ["roomId", run],
      ]);
    });
  }

  of(what: string, client: number): string {
    return this.#values[client]?.get(what) ?? `no ${what}`;
  }

  keep(client: number, data: unknown, type: string | undefined): void {
    if (typeof data !== "object" || data === null) return;
    const fields = data as Readonly<Record<string, unknown>>;
    for (const name of ["sessionId", "resumeToken", "producerId", "consumerId", "callId"]) {
      // Events about others name their sessions.
      const isOwn = type === undefined || name !== "sessionId";
      if (isOwn && typeof fields[name] === "string") this.#values[client]?.set(name, fields[name]);
    }
    if ("iceParameters" in fields && typeof fields["id"] === "string") {
      this.#values[client]?.set("transportId", fields["id"]);
    }
    if (fields["routerRtpCapabilities"]) this.rtpCapabilities = JSON.stringify(fields["routerRtpCapabilities"]);
  }
}

/** Runs a conversation to its end. Fails when the service does anything that the protocol does not say. */
export async function converse(service: TestService, conversation: Conversation, run: string): Promise<void> {
  const given = new Given(run, service.app.media.counts().workers > 0);
  const talkers: Talker[] = [];
  for (const [index, start] of conversation.starts.entries()) {
    talkers.push(await Talker.open(service, given, index, start));
  }
  for (const { client, frame } of conversation.steps) await talkers[client]?.send(frame, conversation.isPatient);
  for (const talker of talkers) await talker.leave();
}

/** Resolves when something comes, when the socket has ended, or when the time is over. It leaves no timer behind. */
function nextFrame({ socket }: TestClient, mostMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      socket.off("message", done).off("close", done);
      resolve();
    };
    const timer = setTimeout(done, mostMs);
    socket.on("message", done).on("close", done);
  });
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isRequestId(id: unknown): boolean {
  return Number.isSafeInteger(id) || (typeof id === "string" && id.length <= 64 && !/\p{Surrogate}/u.test(id));
}
