import { WebSocket } from "ws";
import { TestClient, type Frame } from "../../test/support/test-client.js";
import { until } from "../../test/support/until.js";
import type { Leaving, MeasuredService } from "./service.js";

/** How one person went; times from the moment of going. */
export interface Going {
  /** When the others were told of it; `undefined` when they were told nothing before `user_left`. */
  awayAfterMs: number | undefined;
  leftAfterMs: number;
  leaving: Leaving;
}

/** Somebody who stays in a room and writes down when they are told that another one is away or has left. */
export class Witness {
  readonly #service: MeasuredService;
  readonly #room: string;
  readonly #client: TestClient;
  readonly #beat: NodeJS.Timeout;
  readonly #heard: { type: string | undefined; sessionId: string | undefined; at: number }[] = [];

  private constructor(service: MeasuredService, room: string, client: TestClient, intervalMs: number) {
    this.#service = service;
    this.#room = room;
    this.#client = client;
    this.#beat = setInterval(() => client.send({ type: "ping" }), intervalMs);
    client.socket.on("message", (data: Buffer) => {
      const { type, data: told } = JSON.parse(data.toString()) as Frame & { data?: { sessionId?: string } };
      this.#heard.push({ type, sessionId: told?.sessionId, at: performance.now() });
    });
  }

  static async enter(service: MeasuredService, room: string): Promise<Witness> {
    const client = await TestClient.open(service.ws);
    const { heartbeat } = await client.request("hello", { tabId: "witness", user: { id: `witness-${room}` } });
    await client.request("join", { roomId: room });
    return new Witness(service, room, client, heartbeat.intervalMs);
  }

  /** Waits until somebody is in the room, with microphone and camera flowing if they have any. @returns their session */
  async sees(name: string, withMedia: boolean): Promise<string> {
    let sessionId = "";
    await until(async () => {
      const view = await this.#service.find(name, this.#room);
      sessionId = view?.id ?? "";
      return view !== undefined && (!withMedia || (view.media.producers === 1 && view.evidence.media === "connected"));
    }, 90_000);
    return sessionId;
  }

  /** Waits until somebody who went at `goneAt` has left. */
  async account(sessionId: string, goneAt: number, withinMs: number): Promise<Going> {
    const told = (type: string): number | undefined =>
      this.#heard.find((one) => one.type === type && one.sessionId === sessionId && one.at >= goneAt)?.at;
    await until(() => told("user_left") !== undefined, withinMs);
    const [awayAt, leftAt] = [told("user_away"), told("user_left") ?? Number.NaN];
    return {
      awayAfterMs: awayAt === undefined ? undefined : awayAt - goneAt,
      leftAfterMs: leftAt - goneAt,
      leaving: await this.#service.leavingOf(sessionId),
    };
  }

  leave(): void {
    clearInterval(this.#beat);
    // With a goodbye the histogram does not count this client, but only those that are measured.
    if (this.#client.socket.readyState === WebSocket.OPEN) this.#client.send({ type: "beforeDisconnect" });
  }
}
