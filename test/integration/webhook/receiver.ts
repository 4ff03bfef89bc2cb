import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { onTestFinished } from "vitest";
import type { BackendBatch, BackendEvent, BackendMessage } from "@lastseen/protocol";
import { until } from "../../support/until.js";
import { WEBHOOK_SECRET } from "../../support/secrets.js";

export const SECRET = WEBHOOK_SECRET;

export interface Delivery {
  /** The first event of the request. */
  readonly event: BackendEvent;
  /** All events of the request. */
  readonly events: readonly BackendEvent[];
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  /** The status of the answer. */
  status: number | undefined;
}

/** A backend: a real HTTP server that keeps all deliveries and answers as the test wants. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** Returns the status for a delivery, or a promise of it. */
  answer: (delivery: Delivery, response: ServerResponse) => number | Promise<number> = () => 204;
  /** The largest number of requests that were open at the same time. */
  mostAtOnce = 0;
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  #open = 0;

  static async start(port = 0): Promise<Receiver> {
    const receiver = new Receiver();
    await receiver.listen(port);
    onTestFinished(() => receiver.stop());
    return receiver;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
  }

  /** Ends the server and all its connections. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    const body = await text(request);
    const events = eventsOf(body);
    const [event] = events;
    if (!event) throw new Error("a request without an event");
    const delivery: Delivery = { event, events, body, headers: request.headers, status: undefined };
    this.deliveries.push(delivery);
    delivery.status = await this.answer(delivery, response);
    this.#open -= 1;
    response.writeHead(delivery.status).end();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get settings(): Record<string, string> {
    return { WEBHOOK_URL: `http://127.0.0.1:${this.port}/hooks`, WEBHOOK_SECRET: SECRET };
  }

  /** The events that it has taken, in the order of arrival. */
  get taken(): BackendEvent[] {
    return this.deliveries.filter(({ status }) => status !== undefined && status < 300).flatMap(({ events }) => events);
  }

  async get(type: BackendEvent["type"], userId?: string): Promise<BackendEvent> {
    const find = () =>
      this.taken.find((event) => event.type === type && (userId === undefined || event.userId === userId));
    await until(() => find() !== undefined);
    const event = find();
    if (!event) throw new Error(`no ${type}`);
    return event;
  }
}

/** Reads a body as a receiver would that knows single events and batches. */
function eventsOf(body: string): readonly BackendEvent[] {
  const message = JSON.parse(body) as BackendMessage | BackendBatch;
  return message.type === "batch" ? message.data.events : [message.data];
}

/** Checks a signature as a receiver with the library of Standard Webhooks does. */
export function isSigned({ headers, body }: Pick<Delivery, "headers" | "body">, secret = SECRET): boolean {
  const webhook = secret.startsWith("whsec_") ? new Webhook(secret) : new Webhook(secret, { format: "raw" });
  try {
    webhook.verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}
