import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { LastseenApi, type ApiOptions } from "@lastseen/server";

/** What a request gets: an answer, or a broken connection. */
export type Reaction = (request: IncomingMessage, response: ServerResponse) => void;

export const answers =
  (
    status: number,
    body: unknown = { rooms: [], cursor: null, total: 0, missing: [] },
    headers: Record<string, string> = {},
  ): Reaction =>
  (_request, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

export const refuses = (status: number, code: string, headers: Record<string, string> = {}): Reaction =>
  answers(status, { error: { code, message: "Said by the test." } }, headers);

/** The request was read, and then the connection breaks. */
export const breaks: Reaction = (request) => request.socket.destroy();
export const saysNothing: Reaction = () => {};

/** A real HTTP server at the place of the service that reacts to each request in turn, and keeps what it was asked. */
export class FaultyService {
  readonly asked: string[] = [];
  readonly tokens: (string | undefined)[] = [];
  readonly #reactions: Reaction[];
  readonly #server = createServer((request, response) => {
    this.asked.push(`${request.method} ${request.url}`);
    this.tokens.push(request.headers.authorization);
    const reaction = this.#reactions.length > 1 ? this.#reactions.shift() : this.#reactions[0];
    reaction?.(request, response);
  });

  private constructor(reactions: Reaction[]) {
    this.#reactions = reactions;
  }

  /** @param reactions to the first request, the second …; the last one stays */
  static async start(...reactions: Reaction[]): Promise<FaultyService> {
    const service = new FaultyService(reactions);
    await service.listen(0);
    onTestFinished(() => service.stop());
    return service;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  api(options: Partial<ApiOptions> = {}): LastseenApi {
    return new LastseenApi({ url: this.url, ...options });
  }
}
